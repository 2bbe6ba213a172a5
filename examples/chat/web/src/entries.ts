// What stands in a list of messages: days, the line above what is new, messages, and posts that have no row.
import { dayNumber } from './time.js';
import type { CommandData, Message, OwnCommand } from './types.js';
import type { Span } from './useSpan.js';

export type Entry =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string }
  | { kind: 'message'; key: string; message: Message; isFirst: boolean }
  | { kind: 'unposted'; key: string; command: OwnCommand; data: CommandData };

/** Messages of one author so close together stand under one name. */
const TOGETHER_MS = 5 * 60_000;

export interface Unposted {
  command: OwnCommand;
  data: CommandData;
}

/** `newSince`: when the last message that had been read was sent. */
export function entriesOf(rows: Message[], unposted: Unposted[], me: string, newSince: number | undefined): Entry[] {
  const entries: Entry[] = [];
  const waiting = [...unposted].sort((a, b) => a.command.at - b.command.at);
  let day: number | undefined;
  let last: Message | undefined;
  let isNewMarked = newSince === undefined || newSince === 0;

  const beginDay = (at: number) => {
    if (dayNumber(at) === day) return;
    day = dayNumber(at);
    last = undefined;
    entries.push({ kind: 'day', key: `day ${day}`, at });
  };
  const addUnposted = ({ command, data }: Unposted) => {
    beginDay(command.at);
    last = undefined;
    entries.push({ kind: 'unposted', key: command.id, command, data });
  };

  for (const message of rows) {
    while (waiting[0] && waiting[0].command.at < message.sent_at) addUnposted(waiting.shift()!);
    beginDay(message.sent_at);
    if (!isNewMarked && message.sent_at > newSince! && message.author_id !== me) {
      isNewMarked = true;
      last = undefined;
      entries.push({ kind: 'new', key: 'new' });
    }
    const isFirst = last?.author_id !== message.author_id || message.sent_at - last.sent_at > TOGETHER_MS;
    entries.push({ kind: 'message', key: message.id, message, isFirst });
    last = message;
  }
  waiting.forEach(addUnposted);
  return entries;
}

/** Own posts that are not in the tables: turned down, or without effect for now. */
export function unpostedIn(
  commands: OwnCommand[],
  place: { channel: string; thread?: string | undefined },
  span: Span,
): Unposted[] {
  return commands
    .filter(({ name, data, at }) => name === 'message.post' && data !== null && isWithin(at, span))
    .map((command) => ({ command, data: JSON.parse(command.data!) as CommandData }))
    .filter(({ data }) => data.channel_id === place.channel && (data.thread_id ?? undefined) === place.thread);
}

const isWithin = (at: number, { from, to }: Span) => (!from || at >= from.sent_at) && (!to || at <= to.sent_at);
