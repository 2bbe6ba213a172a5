// A list of messages that may be long shows a span of it: what lies between two messages, watched by one query
// that reads no more than that. Walking up or down moves the ends.
import type { SqlValue } from '@wherry/client';
import { useQuery, useWherry } from '@wherry/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { after, before, span } from './queries.js';
import type { Message } from './types.js';

/** Messages are ordered by time; ids decide between those of the same millisecond. */
interface Key {
  sent_at: number;
  id: string;
}
export interface Span {
  /** null: from the very first. */
  from: Key | null;
  /** null: whatever comes is shown, too. */
  to: Key | null;
}

const FIRST: Key = { sent_at: -8.64e15, id: '' };
const LAST: Key = { sent_at: 8.64e15, id: '' };
/** By so many the span moves, */
const STEP = 60;
/** and so many it holds: the page has no more rows than that. */
const MOST = 200;

/** `list`: a condition on messages, and `id` its parameter. */
export function useSpan(list: string, id: string, start: string | undefined) {
  const db = useWherry();
  const [ends, setEnds] = useState<Span>();
  const moving = useRef<symbol>(undefined);

  const step = useCallback(
    async (sql: (list: string) => string, from: Key, count: number): Promise<Key | null> => {
      const params = [id, from.sent_at, from.id, count - 1];
      return (await db.query<Key>(sql(list), params as SqlValue[]))[0] ?? null;
    },
    [db, list, id],
  );

  /** One step at a time; a jump does not wait for it, and what the step finds does not count any more. */
  const move = useCallback(async (to: () => Promise<Span>, isJump = false) => {
    if (moving.current !== undefined && !isJump) return;
    const mine = (moving.current = Symbol('move'));
    const next = await to().catch(() => undefined); // the database was closed: nobody looks any more
    if (moving.current !== mine) return;
    moving.current = undefined;
    if (next) setEnds(next);
  }, []);

  const toEnd = useCallback(() => move(async () => ({ from: await step(before, LAST, STEP), to: null }), true), [move, step]);
  const toBeginning = useCallback(
    () => move(async () => ({ from: null, to: await step(after, FIRST, STEP) }), true),
    [move, step],
  );
  const toMessage = useCallback(
    (message: string) =>
      move(async () => {
        const [key] = await db.query<Key>('SELECT sent_at, id FROM messages WHERE id = ?', [message]);
        if (!key) return { from: await step(before, LAST, STEP), to: null };
        return { from: await step(before, key, STEP / 2), to: await step(after, key, STEP / 2) };
      }, true),
    [move, step, db],
  );

  useEffect(() => {
    void (start === undefined ? toEnd() : toMessage(start));
  }, [start, toEnd, toMessage]);

  const { from, to } = ends ?? { from: LAST, to: FIRST };
  const low = from ?? FIRST;
  const high = to ?? LAST;
  const { rows, shown, error, isCurrent } = useKept(span(list), [id, low.sent_at, low.id, high.sent_at, high.id], ends);

  const older = useCallback(
    () =>
      move(async () => {
        if (!from) return { from, to };
        const isFull = rows.length + STEP > MOST;
        return { from: await step(before, from, STEP), to: isFull ? keyOf(rows[MOST - STEP - 1]) : to };
      }),
    [move, step, from, to, rows],
  );
  const newer = useCallback(
    () =>
      move(async () => {
        if (!to) return { from, to };
        const isFull = rows.length + STEP > MOST;
        return { from: isFull ? keyOf(rows[rows.length - MOST + STEP]) : from, to: await step(after, to, STEP) };
      }),
    [move, step, from, to, rows],
  );
  /** Of a list that grows, what lies far above is let go by who is at its end, and what lies far below by others. */
  const trim = useCallback(
    (isAtEnd: boolean) => {
      if (to !== null || rows.length <= MOST) return;
      setEnds(isAtEnd ? { from: keyOf(rows[rows.length - STEP]), to } : { from, to: keyOf(rows[MOST - 1]) });
    },
    [from, to, rows],
  );

  return {
    rows,
    /** Between which ends the rows lie; undefined before the first. */
    shown,
    error,
    /** Whether it is not on its way to other ends. */
    isReady: ends !== undefined && isCurrent,
    older,
    newer,
    trim,
    toEnd,
    toBeginning,
  };
}

const keyOf = (message: Message | undefined): Key | null => message ?? null;

const NONE: Message[] = [];

/** Of a query that changes: what it showed last, and between which ends, until the new one has a result. */
function useKept(sql: string, params: SqlValue[], ends: Span | undefined) {
  const { rows, loading, error } = useQuery<Message>(sql, params);
  const [kept, keep] = useState<{ rows: Message[]; result: Message[]; ends: Span | undefined }>({
    rows: NONE,
    result: NONE,
    ends: undefined,
  });
  if (!loading && (kept.result !== rows || kept.ends !== ends)) keep({ rows: asBefore(rows, kept.rows), result: rows, ends });
  return { rows: kept.rows, shown: kept.ends, error, isCurrent: !loading };
}

/** Messages that are as they were stay the same objects, so that they are not drawn anew. */
function asBefore(rows: Message[], before: Message[]): Message[] {
  const known = new Map(before.map((message) => [message.id, message]));
  return rows.map((row) => {
    const old = known.get(row.id);
    return old && isSame(old, row) ? old : row;
  });
}

function isSame(a: Message, b: Message): boolean {
  for (const column in a) if (a[column as keyof Message] !== b[column as keyof Message]) return false;
  return true;
}
