// A message and its replies, beside the channel.
import { useQuery } from '@wherry/client/react';
import { useEffect, useRef } from 'react';
import { useEditing } from './ChannelView.js';
import { useCommands } from './chat.js';
import { Composer } from './Composer.js';
import { Icon } from './icons.js';
import { focusMessage, MessageList, useRoom } from './MessageList.js';
import { MessageRow } from './MessageRow.js';
import { go } from './place.js';
import { IN_THREAD, MESSAGE_BY_ID } from './queries.js';
import type { Channel, Message } from './types.js';
import { plural } from './words.js';

export function Thread({ id, channel, at }: { id: string; channel: Channel; at: string | undefined }) {
  const { rows, loading } = useQuery<Message>(MESSAGE_BY_ID, [id]);
  const root = rows[0];
  const room = useRoom(channel);
  const commands = useCommands();
  const composer = useRef<HTMLTextAreaElement>(null);
  const panel = useRef<HTMLElement>(null);
  const { editing, edit, editLast } = useEditing(IN_THREAD, id, composer);
  const close = () => go({ channel: channel.id });
  useEffect(() => {
    if (!panel.current?.contains(document.activeElement)) panel.current?.querySelector('button')?.focus();
    // Whoever closes it is back at its message.
    return () => {
      const isFree = document.activeElement === null || document.activeElement === document.body;
      if (isFree) focusMessage(document.getElementById('messages'), id);
    };
  }, [id]);
  return (
    <aside className="thread room" aria-labelledby="thread-name" ref={panel}>
      <header className="room-head">
        <h2 id="thread-name">
          Thread <span className="quiet">{channel.name}</span>
        </h2>
        <button className="icon-button" aria-label="Close the thread" title="Close (Escape)" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {root && (
        <MessageList
          channel={channel}
          thread={id}
          label="Replies"
          at={at}
          editing={editing}
          edit={edit}
          beginning={
            <ol className="plain thread-root" aria-label="Where the thread begins">
              <MessageRow
                message={root}
                room={room}
                commands={commands.of(id)}
                isFirst
                isReachable
                isEditing={editing === id}
                isSought={false}
                edit={edit}
                inThread
              />
              <li className="day">
                <span>{plural(root.replies, 'reply', 'replies')}</span>
              </li>
            </ol>
          }
          leave={() => composer.current?.focus()}
        />
      )}
      {!root && !loading && <p className="nowhere">This message is not here.</p>}
      {root && <Composer channel={channel} thread={id} label="Reply" box={composer} editLast={editLast} />}
    </aside>
  );
}
