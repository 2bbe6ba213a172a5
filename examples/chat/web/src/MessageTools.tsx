// What can be done with a message: the buttons at its side.
import { useState } from 'react';
import { useChannels, useChat } from './chat.js';
import { Confirm, Dialog } from './Dialog.js';
import { EmojiMenu } from './EmojiMenu.js';
import { Icon } from './icons.js';
import { Menu, MenuItem } from './Menu.js';
import { go, hashOf } from './place.js';
import type { Message, Room } from './types.js';

interface MessageToolsProps {
  message: Message;
  room: Room;
  edit: (id: string | undefined) => void;
  inThread: boolean;
  isAuthor: boolean;
}

export function MessageTools({ message, room, edit, inThread, isAuthor }: MessageToolsProps) {
  const { actions, say } = useChat();
  const [asks, setAsks] = useState<'delete' | 'move'>();
  const isOpen = !room.isLocked && message.deleted_at === null;
  const canReact = isOpen && room.isMine;
  const canChange = isOpen && isAuthor;
  const copyLink = () => {
    const place = { channel: room.id, ...(message.thread_id && { thread: message.thread_id }), at: message.id };
    void navigator.clipboard.writeText(new URL(hashOf(place), location.href).href).then(() => say('The link is copied.'));
  };
  return (
    <div className="tools" role="group" aria-label="What to do with this message">
      {canReact && <EmojiMenu message={message} />}
      {!inThread && (
        <button
          className="icon-button"
          aria-label="Reply in thread"
          title="Reply in thread (T)"
          onClick={() => go({ channel: room.id, thread: message.id })}
        >
          <Icon name="reply" size={18} />
        </button>
      )}
      {canChange && (
        <button className="icon-button" aria-label="Edit" title="Edit (E)" onClick={() => edit(message.id)}>
          <Icon name="pencil" size={18} />
        </button>
      )}
      {/* For the Delete key, which asks as the menu does. */}
      {canChange && <button data-tool="delete" hidden onClick={() => setAsks('delete')} />}
      <div data-tool="more">
        <Menu label="More" className="end" button={<Icon name="more" size={18} />}>
          {(close) => {
            const then = (action: () => void) => () => {
              close();
              action();
            };
            return (
              <>
                {canReact && <MenuItem chosen={then(() => actions.vote(message.id, 1))}>Vote up</MenuItem>}
                {canReact && <MenuItem chosen={then(() => actions.vote(message.id, -1))}>Vote down</MenuItem>}
                <MenuItem chosen={then(copyLink)}>Copy a link</MenuItem>
                {canChange && <MenuItem chosen={then(() => setAsks('move'))}>Move to another channel…</MenuItem>}
                {canChange && (
                  <MenuItem danger chosen={then(() => setAsks('delete'))}>
                    Delete…
                  </MenuItem>
                )}
              </>
            );
          }}
        </Menu>
      </div>
      {asks === 'delete' && <Delete message={message} close={() => setAsks(undefined)} />}
      {asks === 'move' && <Move message={message} close={() => setAsks(undefined)} />}
    </div>
  );
}

function Delete({ message, close }: { message: Message; close: () => void }) {
  const { actions } = useChat();
  return (
    <Dialog title="Delete this message?" close={close}>
      <blockquote className="clipped">{message.body}</blockquote>
      <p className="quiet">Its place and its thread stay. It cannot be brought back.</p>
      <div className="buttons">
        <button
          className="danger"
          data-first
          onClick={() => {
            actions.remove(message.id);
            close();
          }}
        >
          Delete
        </button>
        <button onClick={close}>Cancel</button>
      </div>
    </Dialog>
  );
}

function Move({ message, close }: { message: Message; close: () => void }) {
  const { actions } = useChat();
  const targets = useChannels().filter(({ id, mine, locked_at }) => mine && locked_at === null && id !== message.channel_id);
  const [to, setTo] = useState(targets[0]?.id ?? '');
  return (
    <Dialog title="Move this message" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          actions.move(message.id, to);
          close();
        }}
      >
        <label>
          To the channel
          <select value={to} onChange={(event) => setTo(event.target.value)}>
            {targets.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <p className="quiet">Its replies move along.</p>
        <Confirm label="Move" disabled={to === ''} cancel={close} />
      </form>
    </Dialog>
  );
}
