// The open channel: what it is, its messages, and where to write.
import { useQuery, useWherry } from '@wherry/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ChannelDetails } from './ChannelDetails.js';
import { useChat } from './chat.js';
import { Composer } from './Composer.js';
import { Icon } from './icons.js';
import { MessageList } from './MessageList.js';
import { IN_CHANNEL, lastOwn, NEWEST } from './queries.js';
import type { Channel, Message } from './types.js';
import { plural } from './words.js';

export function ChannelView({ channel, at }: { channel: Channel; at: string | undefined }) {
  const [seesEnd, setSeesEnd] = useState(false);
  const [hasDetails, setDetails] = useState(false);
  const [newSince] = useState(channel.read_at);
  const composer = useRef<HTMLTextAreaElement>(null);
  const { editing, edit, editLast } = useEditing(IN_CHANNEL, channel.id, composer);
  useReading(channel, seesEnd);
  return (
    <section className="room" aria-labelledby="channel-name">
      <header className="room-head">
        <h1 id="channel-name">
          <Icon name={channel.private ? 'lock' : 'hash'} size={18} />
          <span>{channel.name}</span>
          {channel.private === 1 && <span className="sr">, private</span>}
        </h1>
        {channel.locked_at !== null && (
          <span className="tag">
            <Icon name="locked" size={14} /> Locked
          </span>
        )}
        <button
          className="members-button"
          onClick={() => setDetails(true)}
          aria-label={`${plural(channel.members, 'member')}; channel details`}
        >
          <Icon name="people" size={18} /> {channel.members}
        </button>
      </header>
      <MessageList
        channel={channel}
        label={`Messages in ${channel.name}`}
        at={at}
        editing={editing}
        edit={edit}
        newSince={newSince}
        seesEnd={setSeesEnd}
        beginning={<Beginning channel={channel} />}
        leave={() => composer.current?.focus()}
      />
      <Announcer channel={channel} />
      <Composer channel={channel} label={`Message ${channel.name}`} box={composer} editLast={editLast} />
      {hasDetails && <ChannelDetails channel={channel} close={() => setDetails(false)} />}
    </section>
  );
}

function Beginning({ channel }: { channel: Channel }) {
  const { nameOf } = useChat();
  return (
    <div className="beginning">
      <h2>{channel.name}</h2>
      <p>
        {channel.private ? 'A private channel' : 'A channel for everyone'}, created by {nameOf(channel.created_by)}. This is where
        it begins.
      </p>
    </div>
  );
}

/** Which message is being edited. Afterwards one goes on where one was. */
export function useEditing(list: string, id: string, composer: React.RefObject<HTMLTextAreaElement | null>) {
  const db = useWherry();
  const [editing, setEditing] = useState<string>();
  const edit = useCallback(
    (message: string | undefined) => {
      setEditing(message);
      if (message === undefined) composer.current?.focus();
    },
    [composer],
  );
  const editLast = () => void db.query<{ id: string }>(lastOwn(list), [id]).then(([last]) => last && setEditing(last.id));
  return { editing, edit, editLast };
}

const READ_AFTER_MS = 600;

/** What is in view for a moment is read. */
function useReading({ id, unread, mine }: Channel, seesEnd: boolean): void {
  const db = useWherry();
  const { actions } = useChat();
  const isVisible = useVisible();
  useEffect(() => {
    if (!seesEnd || !isVisible || unread === 0 || !mine) return;
    const timer = setTimeout(async () => {
      const [newest] = await db.query<Message>(NEWEST, [id]);
      if (newest) actions.markRead(id, newest.id);
    }, READ_AFTER_MS);
    return () => clearTimeout(timer);
  }, [db, actions, id, unread, mine, seesEnd, isVisible]);
}

function useVisible(): boolean {
  const [isVisible, setVisible] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const changed = () => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  return isVisible;
}

/** Reads out what others write while the channel is open. */
function Announcer({ channel }: { channel: Channel }) {
  const { me, nameOf } = useChat();
  const { rows } = useQuery<Message>(NEWEST, [channel.id]);
  const newest = rows[0];
  const [openedAt] = useState(Date.now);
  const isNews = newest && newest.author_id !== me && newest.sent_at > openedAt;
  return (
    <div className="sr" aria-live="polite">
      {isNews && `${nameOf(newest.author_id)}: ${newest.body}`}
    </div>
  );
}
