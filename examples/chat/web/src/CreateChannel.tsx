import { useState } from 'react';
import { useChat } from './chat.js';
import { Confirm, Dialog } from './Dialog.js';
import { go } from './place.js';

export function CreateChannel({ close }: { close: () => void }) {
  const { actions } = useChat();
  const [name, setName] = useState('');
  const [isPrivate, setPrivate] = useState(false);
  return (
    <Dialog title="Create a channel" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const id = actions.createChannel(name.trim(), isPrivate);
          close();
          go({ channel: id });
        }}
      >
        <label>
          Name
          <input value={name} onChange={(event) => setName(event.target.value)} required maxLength={200} data-first />
        </label>
        <label className="check">
          <input type="checkbox" checked={isPrivate} onChange={(event) => setPrivate(event.target.checked)} />
          <span>
            Private
            <span className="quiet">Only its members see it, its history included.</span>
          </span>
        </label>
        <Confirm label="Create" disabled={name.trim() === ''} cancel={close} />
      </form>
    </Dialog>
  );
}
