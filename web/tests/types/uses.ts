// What TypeScript takes and what it refuses: each line below an `@ts-expect-error` must be an error.
import { newId, Wherry, type Execution } from '@wherry/client';
import { useCommand, useQuery, useWherry, WherryProvider } from '@wherry/client/react';
import type { App, Codes, Commands, MessagesRow, Rows } from '../../../examples/chat/web/src/bundle.js';
import type { App as Tracker, Commands as TrackerCommands, Rows as TrackerRows } from './tracker.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_Holds extends true>() => {};

export async function ofAnApp(): Promise<void> {
  const db = await Wherry.open<App>({ url: 'wss://chat.example.org/team' });
  const id = newId();
  db.execute('message.post', { id, channel_id: 'general', body: 'Hello' });
  db.execute('message.post', { id, channel_id: 'general', body: 'Hello', thread_id: null }, { id: newId() });
  db.execute('channel.create', { id, name: 'General', private: true });
  // @ts-expect-error: no such command
  db.execute('message.pots', { id, channel_id: 'general', body: 'Hello' });
  // @ts-expect-error: the body is missing
  db.execute('message.post', { id, channel_id: 'general' });
  // @ts-expect-error: all parameters are missing
  db.execute('message.post');
  // @ts-expect-error: no such parameter
  db.execute('message.post', { id, channel_id: 'general', body: 'Hello', text: 'Hello' });
  // @ts-expect-error: a number is no text
  db.execute('message.post', { id, channel_id: 'general', body: 1 });
  // @ts-expect-error: null is not taken
  db.execute('message.edit', { id, body: null });

  db.executeAll([{ name: 'message.delete', params: { id } }, { name: 'channel.lock', params: { id }, id: newId() }]);
  // @ts-expect-error: these are the parameters of another command
  db.executeAll([{ name: 'message.delete', params: { id } }, { name: 'message.vote', params: { id } }]);
  // @ts-expect-error: nothing is loaded on demand
  await db.load('channel(general)');

  const messages = await db.query<Pick<MessagesRow, 'body' | 'edited_at'>>('SELECT body, edited_at FROM messages');
  holds<Equal<(typeof messages)[number]['edited_at'], number | null>>();
  const stop = db.watch<Rows['channels']>('SELECT * FROM channels', [], ([first]) => first?.name.trim());
  stop();
}

export async function ofAnother(): Promise<void> {
  const db = await Wherry.open<Tracker>();
  db.execute('link.add', { from_id: 'a', to_id: 'b', kind: 'blocks' });
  // @ts-expect-error: not one of the choices
  db.execute('link.add', { from_id: 'a', to_id: 'b', kind: 'blocked' });
  const issue = 'i1';
  await db.load(`discussion(${issue})`);
  // @ts-expect-error: projects are here anyway
  await db.load(`project(${issue})`);
  holds<Equal<TrackerCommands['step.add']['texts'], string[]>>();
  holds<Equal<TrackerRows['people']['avatar'], Uint8Array | null>>();
}

export async function ofAnyApp(): Promise<void> {
  const db = await Wherry.open();
  db.execute('anything.goes');
  const execution: Execution = db.execute('anything.goes', { id: 1, nested: { a: [null] } }, { id: newId() });
  db.executeAll([{ name: 'anything' }, { name: 'else', params: { id: 1 }, id: newId() }]);
  await db.load('any(scope)');
  const [row] = await db.query('SELECT 1');
  const any: Wherry = db;
  void [execution, row, any];
}

export function Component(db: Wherry<App>) {
  const execute = useCommand<App>();
  execute('message.edit', { id: 'm', body: 'Hello' });
  // @ts-expect-error: the body is missing
  execute('message.edit', { id: 'm' });
  useCommand()('anything.goes');
  useCommand()('anything.goes', { id: 1 });
  // @ts-expect-error: no such command
  useWherry<App>().execute('anything.goes');
  const { rows } = useQuery<Pick<MessagesRow, 'votes'>>('SELECT votes FROM messages');
  holds<Equal<(typeof rows)[number]['votes'], number>>();
  return WherryProvider({ db });
}

/** A text for each code of the app. */
export const texts: Record<Codes[keyof Commands], string> = {
  emoji_invalid: 'That is no emoji.',
  not_author: 'That is for its author.',
  not_creator: 'That is for whoever opened the channel.',
  not_member: 'You are no member.',
  not_yourself: 'That is not your name.',
  thread_missing: 'There is no such thread.',
};
