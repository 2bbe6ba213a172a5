// A list of messages of any length. It holds a span of them (see useSpan), keeps still what the user looks at
// while others come, go and grow, and stays at the end when it is there.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { FocusEvent, KeyboardEvent, ReactNode, RefObject } from 'react';
import { useChat, useCommands } from './chat.js';
import { entriesOf, unpostedIn, type Entry } from './entries.js';
import { Icon } from './icons.js';
import { MessageRow } from './MessageRow.js';
import { IN_CHANNEL, IN_THREAD } from './queries.js';
import { dayName } from './time.js';
import type { Channel, OwnCommand, Room } from './types.js';
import { Unposted } from './Unposted.js';
import { useSpan, type Span } from './useSpan.js';

interface MessageListProps {
  channel: Channel;
  thread?: string;
  label: string;
  /** A message to show. */
  at?: string | undefined;
  /** The message that is being edited. */
  editing: string | undefined;
  edit: (id: string | undefined) => void;
  newSince?: number;
  /** Whether the user sees the newest. */
  seesEnd?: (sees: boolean) => void;
  /** Stands above the first message. */
  beginning: ReactNode;
  /** Where Escape brings the focus. */
  leave: () => void;
}

/** So near to an end of the span the next messages are asked for. */
const NEAR_PX = 2500;
const AT_END_PX = 8;
const NONE: OwnCommand[] = [];
/** Who is so near to the newest message sees it. */
const SEES_END_PX = 60;

export function MessageList(props: MessageListProps) {
  const { channel, thread, label, at, editing, edit, newSince, seesEnd, beginning, leave } = props;
  const { me } = useChat();
  const commands = useCommands();
  const room = useRoom(channel);
  const span = useSpan(thread ? IN_THREAD : IN_CHANNEL, thread ?? channel.id, at);
  const { rows, shown, isReady } = span;
  const box = useRef<HTMLDivElement>(null);
  const entries = useMemo(
    () => entriesOf(rows, shown ? unpostedIn(commands.all, { channel: channel.id, thread }, shown) : [], me, newSince),
    [rows, commands, channel.id, thread, shown, me, newSince],
  );
  const { isAtEnd, scrolled, goToBeginning, goToEnd } = useStillness(box, entries, span, at);
  useEffect(() => seesEnd?.(isAtEnd), [isAtEnd, seesEnd]);

  // One row can be reached with Tab: the one that had the focus last, or the newest.
  const [current, setCurrent] = useState<string>();
  const ids = useMemo(() => entries.flatMap((entry) => (entry.kind === 'message' ? [entry.key] : [])), [entries]);
  const reachable = current !== undefined && ids.includes(current) ? current : ids.at(-1);
  const focused = (event: FocusEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>('[data-message]')?.dataset['message'];
    if (id) setCurrent(id);
  };
  const keys = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const id = target.closest<HTMLElement>('[data-message]')?.dataset['message'];
    if (!id || target.closest('form, dialog') || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (next !== undefined) {
      const to = ids[ids.indexOf(id) + next];
      if (to) focusMessage(box.current, to);
      else if (next > 0) leave();
    } else if (event.key === 'Home') {
      goToBeginning();
    } else if (event.key === 'End') {
      goToEnd('and focus it');
    } else if (event.key === 'Escape') {
      leave();
    } else {
      return;
    }
    event.preventDefault();
  };

  return (
    <div className="messages-frame">
      <div
        className="messages"
        ref={box}
        onScroll={scrolled}
        onFocus={focused}
        onKeyDown={keys}
        id={thread ? undefined : 'messages'}
        tabIndex={-1}
      >
        <div className="messages-inside">
          {shown?.from === null && beginning}
          <ol className="plain" aria-label={label} aria-busy={!isReady}>
            {entries.map((entry) => (
              <EntryRow
                key={entry.key}
                entry={entry}
                room={room}
                commands={entry.kind === 'message' ? commands.of(entry.key) : NONE}
                isReachable={entry.key === reachable}
                isEditing={entry.key === editing}
                isSought={entry.key === at}
                edit={edit}
                inThread={thread !== undefined}
              />
            ))}
          </ol>
          {span.error && <p role="alert">{span.error.message}</p>}
        </div>
      </div>
      {!isAtEnd && shown && (
        <button className="to-end" onClick={() => goToEnd()}>
          <Icon name="down" size={16} /> Newest
        </button>
      )}
    </div>
  );
}

/** What rows need to know of their channel: the same object while that is the same. */
export function useRoom({ id, locked_at, mine }: Channel): Room {
  return useMemo(() => ({ id, isLocked: locked_at !== null, isMine: mine === 1 }), [id, locked_at, mine]);
}

export function focusMessage(box: HTMLElement | null, id: string): void {
  const row = rowOf(box, id);
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: 'nearest' });
}

const rowOf = (box: HTMLElement | null, id: string) => box?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);

interface EntryRowProps {
  entry: Entry;
  room: Room;
  commands: OwnCommand[];
  isReachable: boolean;
  isEditing: boolean;
  isSought: boolean;
  edit: (id: string | undefined) => void;
  inThread: boolean;
}

function EntryRow({ entry, ...props }: EntryRowProps) {
  switch (entry.kind) {
    case 'day':
      return (
        <li className="day">
          <span>{dayName(entry.at)}</span>
        </li>
      );
    case 'new':
      return (
        <li className="new-line">
          <span>New</span>
        </li>
      );
    case 'unposted':
      return <Unposted command={entry.command} data={entry.data} />;
    case 'message':
      return <MessageRow message={entry.message} isFirst={entry.isFirst} {...props} />;
  }
}

/** Holds the row at the top of the view where it is, or the end of the list, whatever changes above and below. */
function useStillness(
  box: RefObject<HTMLDivElement | null>,
  entries: Entry[],
  { shown, isReady, older, newer, trim, toBeginning, toEnd }: ReturnType<typeof useSpan>,
  at: string | undefined,
) {
  const held = useRef<Held>(undefined);
  const sticks = useRef(at === undefined);
  const goal = useRef<Goal>(at === undefined ? undefined : { message: at });
  const [isAtEnd, setAtEnd] = useState(at === undefined);
  const isOpen = shown?.to === null;

  const seen = useRef({ content: 0, view: 0 });
  const look = useCallback(() => {
    const element = box.current!;
    seen.current = { content: element.scrollHeight, view: element.clientHeight };
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    sticks.current = isOpen && below <= AT_END_PX;
    held.current = topRow(element);
    setAtEnd(isOpen && below <= SEES_END_PX);
    if (!isReady) return;
    if (element.scrollTop < NEAR_PX && shown?.from) void older();
    if (below < NEAR_PX && shown?.to) void newer();
    trim(sticks.current);
  }, [box, isOpen, isReady, shown, older, newer, trim]);

  const hold = useCallback(() => {
    const element = box.current!;
    if (sticks.current) {
      element.scrollTop = element.scrollHeight;
    } else if (held.current) {
      const row = rowOf(element, held.current.id);
      if (row) element.scrollTop += row.offsetTop - held.current.offset;
      held.current = topRow(element);
    }
  }, [box]);

  /** Where something has grown or shrunk at the same time, it was perhaps not the user who scrolled. */
  const scrolled = useCallback(() => {
    const { scrollHeight, clientHeight } = box.current!;
    if (scrollHeight !== seen.current.content || clientHeight !== seen.current.view) hold();
    look();
  }, [box, hold, look]);

  useEffect(() => {
    if (at !== undefined) goal.current = { message: at };
  }, [at]);
  useLayoutEffect(() => {
    if (!isReady) return;
    const row = goal.current && shown && reached(box.current!, goal.current, shown);
    if (row) {
      sticks.current = goal.current === 'last';
      goal.current = undefined;
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: 'center' });
    }
    if (!row || sticks.current) hold();
    look();
  }, [entries, isReady, box, shown, hold, look]);

  // Heights change with the window, and when texts are laid out anew.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(hold);
    observer.observe(box.current!);
    observer.observe(box.current!.firstElementChild!);
    return () => observer.disconnect();
  }, [box, hold]);

  const goToBeginning = useCallback(() => {
    goal.current = 'first';
    void toBeginning();
  }, [toBeginning]);
  const goToEnd = useCallback(
    (focus?: 'and focus it') => {
      sticks.current = true;
      if (focus) goal.current = 'last';
      void toEnd();
    },
    [toEnd],
  );
  return { isAtEnd, scrolled, goToBeginning, goToEnd };
}

/** What is to be shown and get the focus as soon as it is there. */
type Goal = { message: string } | 'first' | 'last' | undefined;

function reached(box: HTMLElement, goal: NonNullable<Goal>, { from, to }: Span): HTMLElement | null | undefined {
  const rows = box.querySelectorAll<HTMLElement>('[data-message]');
  if (goal === 'first') return from === null ? rows[0] : null;
  if (goal === 'last') return to === null ? rows[rows.length - 1] : null;
  return rowOf(box, goal.message);
}

/** A row and where it is in the list: when that changes, the view moves along. */
type Held = { id: string; offset: number } | undefined;

/** The first message that is in view. */
function topRow(element: HTMLElement): Held {
  const rows = element.querySelectorAll<HTMLElement>('[data-message]');
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle]!;
    if (row.offsetTop + row.offsetHeight > element.scrollTop) high = middle;
    else low = middle + 1;
  }
  const row = rows[low];
  return row && { id: row.dataset['message']!, offset: row.offsetTop };
}
