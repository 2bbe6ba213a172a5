// Where the user is: #/CHANNEL, #/CHANNEL/THREAD, and ?at=MESSAGE for a message to be shown.
import { useSyncExternalStore } from 'react';

export interface Place {
  channel?: string;
  thread?: string;
  /** A message to scroll to. */
  at?: string;
}

function read(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [channel, thread] = path.split('/').map(decodeURIComponent);
  const at = new URLSearchParams(query).get('at');
  return { ...(channel && { channel }), ...(thread && { thread }), ...(at && { at }) };
}

export function hashOf({ channel, thread, at }: Place): string {
  const path = [channel, thread]
    .filter((part) => part !== undefined)
    .map(encodeURIComponent)
    .join('/');
  return `#/${path}${at ? `?at=${encodeURIComponent(at)}` : ''}`;
}

let known: { hash: string; place: Place } | undefined;

function place(): Place {
  if (known?.hash !== location.hash) known = { hash: location.hash, place: read(location.hash) };
  return known!.place;
}

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

export const usePlace = () => useSyncExternalStore(subscribe, place);

export function go(to: Place): void {
  location.hash = hashOf(to);
}

/** Without a step in the browser's history. */
export function replace(to: Place): void {
  history.replaceState(null, '', hashOf(to));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
