// What all parts of the signed-in page share: the people, the channels, what the user can do, what he has under way.
import type { Wherry } from '@wherry/client';
import { useQuery, useWherry } from '@wherry/client/react';
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { makeActions, type Actions } from './actions.js';
import type { App } from './bundle.js';
import { CHANNELS, OWN_COMMANDS, USERS } from './queries.js';
import type { Identity } from './session.js';
import type { Channel, OwnCommand, User } from './types.js';
import { cure, sentence, whyNot } from './words.js';

interface Chat {
  me: string;
  isAdmin: boolean;
  users: User[];
  nameOf: (user: string) => string;
  actions: Actions;
  /** Says something for a while, at the bottom of the page and to screen readers. */
  say: (text: string) => void;
}

interface OwnCommands {
  /** Newest first. */
  all: OwnCommand[];
  /** Those about one message, by its id. */
  of: (message: string) => OwnCommand[];
}

// What changes with every message is apart from what seldom does, so that not every row is drawn anew.
const ChatContext = createContext<Chat | null>(null);
const ChannelsContext = createContext<Channel[]>([]);
const CommandsContext = createContext<OwnCommands | null>(null);

export const useChat = () => useContext(ChatContext)!;
export const useChannels = () => useContext(ChannelsContext);
/** Own commands that are under way or were turned down. */
export const useCommands = () => useContext(CommandsContext)!;

/** Nobody has typed these or waits for them: when they are turned down, nothing is lost. */
const UNNOTICED = new Set(['channel.mark_read', 'draft.save']);
const NONE: OwnCommand[] = [];

export function ChatProvider({ identity, children }: { identity: Identity; children: ReactNode }) {
  const db = useWherry<App>();
  const [notice, say] = useNotice();
  useIncidents(db, say);
  const users = useQuery<User>(USERS).rows;
  const channels = useQuery<Channel>(CHANNELS).rows;
  const commands = useOwnCommands(db);
  const actions = useMemo(() => makeActions(db, (error) => say(whyNot(error))), [db, say]);
  const names = useMemo(() => new Map(users.map(({ id, name }) => [id, name])), [users]);
  const nameOf = useCallback((user: string) => names.get(user) ?? user, [names]);
  const chat = useMemo(
    () => ({ me: identity.user, isAdmin: identity.role?.split(',').includes('admin') ?? false, users, nameOf, actions, say }),
    [identity, users, nameOf, actions, say],
  );
  return (
    <ChatContext value={chat}>
      <ChannelsContext value={channels}>
        <CommandsContext value={commands}>{children}</CommandsContext>
      </ChannelsContext>
      <div className="notice" role="status">
        {notice && <p>{notice}</p>}
      </div>
    </ChatContext>
  );
}

function useOwnCommands(db: Wherry<App>): OwnCommands {
  const { rows } = useQuery<OwnCommand>(OWN_COMMANDS);
  useEffect(() => {
    for (const { id, name, state } of rows) if (state !== 'pending' && UNNOTICED.has(name)) void db.dismiss(id);
  }, [db, rows]);
  return useMemo(() => {
    const all = rows.filter(({ name }) => !UNNOTICED.has(name));
    const byEntity = grouped(all);
    return { all, of: (message: string) => byEntity.get(message) ?? NONE };
  }, [rows]);
}

/** What happens to the database itself. */
function useIncidents(db: Wherry<App>, say: (text: string) => void): void {
  useEffect(() => {
    const stops = [
      db.on('error', ({ code, message }) => say(`${sentence(message)} ${cure(code)}`)),
      ...(['salvaged', 'epoch', 'identity'] as const).map((event) => db.on(event, ({ message }) => say(sentence(message)))),
    ];
    return () => stops.forEach((stop) => stop());
  }, [db, say]);
}

const NOTICE_MS = 6000;

function useNotice() {
  const [notice, setNotice] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = useCallback((text: string) => {
    clearTimeout(timer.current);
    setNotice(text);
    timer.current = setTimeout(() => setNotice(''), NOTICE_MS);
  }, []);
  return [notice, say] as const;
}

function grouped(commands: OwnCommand[]): Map<string, OwnCommand[]> {
  const by = new Map<string, OwnCommand[]>();
  for (const command of commands) {
    if (command.entity_id === null) continue;
    const known = by.get(command.entity_id);
    if (known) known.push(command);
    else by.set(command.entity_id, [command]);
  }
  return by;
}
