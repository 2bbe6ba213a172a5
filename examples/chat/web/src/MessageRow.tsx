// One message: who and when, its text, reactions, thread, and what has become of the user's own commands about it.
import { memo, useRef, useState, type FocusEvent, type KeyboardEvent } from 'react';
import { Avatar } from './Avatar.js';
import { Body } from './Body.js';
import { useChat } from './chat.js';
import { Edit } from './Edit.js';
import { Failed } from './Failed.js';
import { Icon } from './icons.js';
import { MessageTools } from './MessageTools.js';
import { hashOf, go } from './place.js';
import { Reactions } from './Reactions.js';
import { fullTime, shortTime, timeOf } from './time.js';
import type { Message, OwnCommand, Room } from './types.js';
import { plural } from './words.js';

interface MessageRowProps {
  message: Message;
  room: Room;
  /** The user's own about this message, which are under way or were turned down. */
  commands: OwnCommand[];
  /** Of several by one author, one after another. */
  isFirst: boolean;
  isReachable: boolean;
  isEditing: boolean;
  isSought: boolean;
  edit: (id: string | undefined) => void;
  inThread: boolean;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, room, commands, isFirst, isReachable, isEditing, isSought, edit, inThread } = props;
  const { me, isAdmin, nameOf } = useChat();
  const [hasTools, setTools] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const author = nameOf(message.author_id);
  const isPending = commands.some(({ state }) => state === 'pending');
  const isDeleted = message.deleted_at !== null;
  const isAuthor = message.author_id === me || isAdmin;
  const canChange = !room.isLocked && !isDeleted;

  // A finger that is lifted leaves the row, too: who has no mouse gets the tools with the focus.
  const isInUse = () => row.current?.querySelector('[aria-expanded=true], dialog') != null;
  const blurred = ({ relatedTarget }: FocusEvent) => {
    const isInside = row.current?.contains(relatedTarget as Node | null) || row.current?.querySelector('dialog');
    if (!isInside) setTools(false);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.target !== row.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const press = (tool: string) =>
      row.current?.querySelector<HTMLElement>(`[data-tool=${tool}] button, button[data-tool=${tool}]`)?.click();
    if (key === 'e' && isAuthor && canChange) edit(message.id);
    else if (key === 't' || key === 'enter') !inThread && go({ channel: room.id, thread: message.id });
    else if (key === 'r') press('react');
    else if (key === 'm') press('more');
    else if (key === 'delete') press('delete');
    else return;
    event.preventDefault();
  };

  return (
    <li
      ref={row}
      className={`message${isFirst ? ' first' : ''}${isPending ? ' pending' : ''}${isSought ? ' sought' : ''}${hasTools ? ' has-tools' : ''}`}
      data-message={message.id}
      tabIndex={isReachable ? 0 : -1}
      onKeyDown={keys}
      onPointerEnter={(event) => event.pointerType === 'mouse' && setTools(true)}
      onPointerLeave={(event) => event.pointerType === 'mouse' && !isInUse() && setTools(false)}
      onFocus={() => setTools(true)}
      onBlur={blurred}
    >
      {isFirst ? (
        <>
          <Avatar id={message.author_id} name={author} />
          <p className="message-head">
            <strong>{author}</strong>
            <time dateTime={new Date(message.sent_at).toISOString()} title={fullTime(message.sent_at)}>
              {timeOf(message.sent_at)}
            </time>
          </p>
        </>
      ) : (
        <>
          <time className="side-time" aria-hidden="true">
            {timeOf(message.sent_at)}
          </time>
          <span className="sr">
            {author}, {timeOf(message.sent_at)}:
          </span>
        </>
      )}
      <div className="message-content">
        {isEditing ? (
          <Edit message={message} done={() => edit(undefined)} />
        ) : isDeleted ? (
          <p className="body deleted">This message was deleted.</p>
        ) : (
          <Body text={message.body} />
        )}
        {(message.edited_at !== null || isPending) && !isDeleted && (
          <p className="marks">
            {message.edited_at !== null && <span title={fullTime(message.edited_at)}>edited</span>}
            {isPending && <Pending />}
          </p>
        )}
        <Reactions message={message} canChange={canChange && room.isMine} />
        {!inThread && message.replies > 0 && (
          <a className="replies" href={hashOf({ channel: room.id, thread: message.id })}>
            <Icon name="reply" size={16} /> {plural(message.replies, 'reply', 'replies')}
            <span className="quiet">last {shortTime(message.last_reply_at!)}</span>
          </a>
        )}
        {commands.map((command) => command.state !== 'pending' && <Failed key={command.id} command={command} />)}
      </div>
      {hasTools && !isEditing && (
        <MessageTools message={message} room={room} edit={edit} inThread={inThread} isAuthor={isAuthor} />
      )}
    </li>
  );
});

/** Shown only when the server takes its time. */
function Pending() {
  return (
    <span className="pending-mark" title="Kept on this device; not confirmed by the server yet">
      <Icon name="clock" size={13} /> pending
    </span>
  );
}
