// Who is signed in: ?user=ann&workspace=team&role=admin. The server's development tokens need no password.
import { Wherry } from '@wherry/client';
import type { App } from './bundle.js';

export interface Identity {
  workspace: string;
  user: string;
  role?: string;
}

export function identityIn(search: string): Identity | undefined {
  const query = new URLSearchParams(search);
  const user = query.get('user')?.trim();
  if (!user) return undefined;
  const role = query.get('role');
  return { user, workspace: query.get('workspace') || 'team', ...(role && { role }) };
}

export function searchOf({ workspace, user, role }: Identity): string {
  return `?${new URLSearchParams({ user, workspace, ...(role && { role }) })}`;
}

/** Each user of a browser has a database of his own: `chat-team-ann`. */
export function databaseOf({ workspace, user }: Identity): string {
  const safe = (text: string) => text.replace(/[^A-Za-z0-9._]/g, (c) => `~${c.codePointAt(0)!.toString(16)}`);
  return `chat-${safe(workspace)}-${safe(user)}`;
}

async function token({ workspace, user, role }: Identity): Promise<string> {
  const path = [workspace, user, ...(role ? [role] : [])].map(encodeURIComponent).join('/');
  const response = await fetch(`/dev/token/${path}`);
  if (response.status === 404) throw new Error('this server gives no development tokens; start it with --dev');
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return ((await response.json()) as { token: string }).token;
}

export function open(identity: Identity): Promise<Wherry<App>> {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return Wherry.open<App>({
    url: `${scheme}://${location.host}/${encodeURIComponent(identity.workspace)}`,
    token: () => token(identity),
    name: databaseOf(identity),
    online: !isOffline(identity),
  });
}

// What this browser remembers beside the databases: who has signed in here, where he was, and whether he chose to
// work offline.

const KNOWN = 'chat:known';
const offlineKey = (identity: Identity) => `chat:offline:${databaseOf(identity)}`;
const channelKey = (identity: Identity) => `chat:channel:${databaseOf(identity)}`;

export function knownIdentities(): Identity[] {
  try {
    return JSON.parse(localStorage.getItem(KNOWN) ?? '[]') as Identity[];
  } catch {
    return [];
  }
}

export function remember(identity: Identity): void {
  const others = knownIdentities().filter((one) => databaseOf(one) !== databaseOf(identity));
  localStorage.setItem(KNOWN, JSON.stringify([identity, ...others].slice(0, 8)));
}

/** Takes the user's rows and everything he has not sent off this device. */
export async function removeData(identity: Identity): Promise<void> {
  await Wherry.remove(databaseOf(identity));
  localStorage.removeItem(offlineKey(identity));
  localStorage.removeItem(channelKey(identity));
  localStorage.setItem(KNOWN, JSON.stringify(knownIdentities().filter((one) => databaseOf(one) !== databaseOf(identity))));
}

export const isOffline = (identity: Identity) => localStorage.getItem(offlineKey(identity)) !== null;

export function setOffline(identity: Identity, offline: boolean): void {
  if (offline) localStorage.setItem(offlineKey(identity), '1');
  else localStorage.removeItem(offlineKey(identity));
}

export const lastChannel = (identity: Identity) => localStorage.getItem(channelKey(identity));
export const rememberChannel = (identity: Identity, channel: string) => localStorage.setItem(channelKey(identity), channel);
