// Where messages are typed. What is typed is kept on this device as a draft until it is sent.
import { useWherry } from '@wherry/client/react';
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useChat } from './chat.js';
import { Icon } from './icons.js';
import { DRAFT } from './queries.js';
import type { Channel } from './types.js';
import { useGrowing } from './useGrowing.js';
import { whyNot } from './words.js';

interface ComposerProps {
  channel: Channel;
  thread?: string;
  label: string;
  box: RefObject<HTMLTextAreaElement | null>;
  editLast: () => void;
}

/** A phone's keyboard would cover what one has just opened. */
const HAS_KEYBOARD = matchMedia('(hover: hover)').matches;

export function Composer({ channel, thread, label, box, editLast }: ComposerProps) {
  const { actions } = useChat();
  const [body, setBody] = useDraft(thread ?? channel.id);
  const [refusal, setRefusal] = useState('');
  useGrowing(box, body);

  if (!channel.mine)
    return (
      <Instead text={`You are looking at ${channel.name}. Join to post.`}>
        <Join channel={channel} />
      </Instead>
    );
  if (channel.locked_at !== null) return <Instead text="This channel is locked: nothing in it can be changed." />;

  const send = async () => {
    const text = body.trim();
    if (text === '') return;
    setRefusal('');
    setBody('');
    try {
      await actions.post(channel.id, text, thread).saved;
    } catch (error) {
      setBody(text);
      setRefusal(whyNot(error));
    }
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send();
    } else if (event.key === 'ArrowUp' && body === '') {
      event.preventDefault();
      editLast();
    }
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
        box.current?.focus();
      }}
    >
      {refusal && <p role="alert">Not sent. {refusal}</p>}
      <div className="composer-box">
        <textarea
          ref={box}
          rows={1}
          aria-label={label}
          placeholder={label}
          value={body}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={keys}
          maxLength={40_000}
          autoFocus={HAS_KEYBOARD}
        />
        <button className="icon-button send" aria-label="Send" title="Send (Enter)" disabled={body.trim() === ''}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}

function Instead({ text, children }: { text: string; children?: React.ReactNode }) {
  return (
    <div className="composer instead">
      <p>{text}</p>
      {children}
    </div>
  );
}

function Join({ channel }: { channel: Channel }) {
  const { actions, me } = useChat();
  return (
    <button className="primary" onClick={() => actions.addMember(channel.id, me)}>
      Join {channel.name}
    </button>
  );
}

const SAVED_AFTER_MS = 400;

/** The draft of a channel or thread: what was kept, then what is typed, saved after a pause and when one leaves. */
function useDraft(place: string) {
  const db = useWherry();
  const { actions } = useChat();
  const [body, setBody] = useState('');
  const unsaved = useRef<string>(undefined);
  useEffect(() => {
    void db.query<{ body: string }>(DRAFT, [place]).then(([draft]) => draft && setBody((typed) => typed || draft.body));
  }, [db, place]);
  const save = useCallback(() => {
    if (unsaved.current !== undefined) actions.saveDraft(place, unsaved.current);
    unsaved.current = undefined;
  }, [place, actions]);
  useEffect(() => {
    if (unsaved.current === undefined) return;
    const timer = setTimeout(save, SAVED_AFTER_MS);
    addEventListener('pagehide', save);
    return () => {
      clearTimeout(timer);
      removeEventListener('pagehide', save);
    };
  }, [body, save]);
  useEffect(() => save, [save]);
  const type = (text: string) => {
    unsaved.current = text;
    setBody(text);
  };
  return [body, type] as const;
}
