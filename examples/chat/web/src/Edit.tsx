// The text of a message, being changed in its place.
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useChat } from './chat.js';
import { Confirm } from './Dialog.js';
import type { Message } from './types.js';
import { useGrowing } from './useGrowing.js';
import { whyNot } from './words.js';

export function Edit({ message, done }: { message: Message; done: () => void }) {
  const { actions } = useChat();
  const [body, setBody] = useState(message.body);
  const [refusal, setRefusal] = useState('');
  const box = useRef<HTMLTextAreaElement>(null);
  useGrowing(box, body);
  useLayoutEffect(() => {
    box.current!.focus();
    box.current!.setSelectionRange(body.length, body.length);
    // Only where it begins.
  }, []);

  const save = async () => {
    const text = body.trim();
    if (text === '') return;
    if (text === message.body) return done();
    try {
      await actions.edit(message.id, text).saved;
      done();
    } catch (error) {
      setRefusal(whyNot(error));
    }
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      done();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void save();
    }
  };
  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <textarea
        ref={box}
        aria-label="Edit the message"
        value={body}
        onChange={(event) => setBody(event.target.value)}
        onKeyDown={keys}
        maxLength={40_000}
      />
      {refusal && <p role="alert">{refusal}</p>}
      <Confirm label="Save" disabled={body.trim() === ''} cancel={done} className="small" />
    </form>
  );
}
