// Finds channels by name and messages by their words, on this device, as one types.
import { useWherry } from '@wherry/client/react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useChannels, useChat } from './chat.js';
import { Dialog } from './Dialog.js';
import { Icon } from './icons.js';
import { go, type Place } from './place.js';
import { SEARCH, searchTerms, type Found } from './queries.js';
import { shortTime } from './time.js';
import type { Channel } from './types.js';
import { plural } from './words.js';

export function Search({ close }: { close: () => void }) {
  const { nameOf } = useChat();
  const channels = useChannels();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = useFound(text);
  const list = useRef<HTMLDivElement>(null);
  const places = channelsLike(channels, text);
  const targets: Place[] = [
    ...places.map(({ id }) => ({ channel: id })),
    ...found.map(({ id, channel_id, thread_id }) => ({ channel: channel_id, at: id, ...(thread_id && { thread: thread_id }) })),
  ];
  const at = Math.min(chosen, targets.length - 1);
  useEffect(() => {
    list.current?.querySelector(`#found-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const open = (index: number) => {
    const target = targets[index];
    if (!target) return;
    close();
    go(target);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setChosen(Math.min(at + 1, targets.length - 1));
    else if (event.key === 'ArrowUp') setChosen(Math.max(at - 1, 0));
    else if (event.key === 'Enter') open(at);
    else return;
    event.preventDefault();
  };
  const option = (index: number) => ({
    id: `found-${index}`,
    role: 'option',
    'aria-selected': index === at,
    onPointerMove: () => setChosen(index),
    onClick: () => open(index),
  });

  return (
    <Dialog title="Search" close={close} className="search">
      <input
        enterKeyHint="search"
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={at >= 0 ? `found-${at}` : undefined}
        aria-autocomplete="list"
        aria-label="Search messages, or switch channel"
        placeholder="Words of a message, or a channel’s name"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={keys}
        data-first
      />
      <p className="sr" role="status">
        {text !== '' && `${plural(places.length, 'channel')}, ${plural(found.length, 'message')}`}
      </p>
      <div id="found" role="listbox" aria-label="What is found" ref={list} className="found">
        {places.map((channel, i) => (
          <div key={channel.id} className="option" {...option(i)}>
            <Icon name={channel.private ? 'lock' : 'hash'} size={16} />
            <span>{channel.name}</span>
          </div>
        ))}
        {found.map((message, i) => (
          <div key={message.id} className="option message-option" {...option(places.length + i)}>
            <span className="option-head">
              <strong>{nameOf(message.author_id)}</strong>
              <span className="quiet">
                {message.channel}
                {message.thread_id && ', in a thread'}, {shortTime(message.sent_at)}
              </span>
            </span>
            <span className="option-text">
              <Marked text={message.found} />
            </span>
          </div>
        ))}
      </div>
      {targets.length === 0 && <p className="quiet">Nothing on this device has these words.</p>}
    </Dialog>
  );
}

/** The found words stand between \u0001 and \u0002. */
function Marked({ text }: { text: string }) {
  return text.split('\u0001').map((part, i) => {
    const [marked, rest] = part.split('\u0002');
    return i === 0 ? (
      part
    ) : (
      <span key={i}>
        <mark>{marked}</mark>
        {rest}
      </span>
    );
  });
}

function channelsLike(channels: Channel[], text: string): Channel[] {
  const sought = text.trim().toLocaleLowerCase();
  return channels.filter(({ name }) => name.toLocaleLowerCase().includes(sought)).slice(0, sought === '' ? 20 : 5);
}

/** One search at a time: who types fast waits for the last only. */
function useFound(text: string): Found[] {
  const db = useWherry();
  const [found, setFound] = useState<Found[]>([]);
  const wanted = useRef<string>(undefined);
  const isRunning = useRef(false);
  useEffect(() => {
    wanted.current = searchTerms(text);
    if (wanted.current === undefined) setFound([]);
    if (isRunning.current) return;
    const run = async () => {
      isRunning.current = true;
      for (let last: string | undefined; wanted.current !== last && wanted.current !== undefined;) {
        last = wanted.current;
        const rows = await db.query<Found>(SEARCH, [last]).catch(() => []);
        if (wanted.current !== undefined) setFound(rows);
      }
      isRunning.current = false;
    };
    void run();
  }, [db, text]);
  return found;
}
