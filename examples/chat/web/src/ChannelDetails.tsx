// A channel's members, and what its creator can do with it.
import { useQuery } from '@wherry/client/react';
import { useState } from 'react';
import { Avatar } from './Avatar.js';
import { useChat } from './chat.js';
import { Dialog } from './Dialog.js';
import { Icon } from './icons.js';
import { MEMBERS } from './queries.js';
import type { Channel } from './types.js';

export function ChannelDetails({ channel, close }: { channel: Channel; close: () => void }) {
  const { me, isAdmin, actions } = useChat();
  const isOwner = channel.created_by === me || isAdmin;
  const isLocked = channel.locked_at !== null;
  return (
    <Dialog title={channel.name} close={close}>
      {isLocked && <p className="quiet">Locked: members and messages stay as they are.</p>}
      {isOwner && !isLocked && <RenameChannel channel={channel} />}
      <Members channel={channel} isOwner={isOwner} />
      <div className="buttons">
        {isOwner && (
          <button onClick={() => void (isLocked ? actions.unlockChannel(channel.id) : actions.lockChannel(channel.id))}>
            <Icon name="locked" size={16} /> {isLocked ? 'Unlock the channel' : 'Lock the channel'}
          </button>
        )}
        {channel.mine === 1 && !isLocked && (
          <button
            className="danger"
            onClick={() => {
              actions.removeMember(channel.id, me);
              close();
            }}
          >
            Leave the channel
          </button>
        )}
      </div>
    </Dialog>
  );
}

function RenameChannel({ channel }: { channel: Channel }) {
  const { actions } = useChat();
  const [name, setName] = useState(channel.name);
  const isNew = name.trim() !== '' && name.trim() !== channel.name;
  return (
    <form
      className="one-line"
      onSubmit={(event) => {
        event.preventDefault();
        if (isNew) actions.renameChannel(channel.id, name.trim());
      }}
    >
      <label>
        Name
        <input value={name} onChange={(event) => setName(event.target.value)} maxLength={200} />
      </label>
      <button disabled={!isNew}>Rename</button>
    </form>
  );
}

function Members({ channel, isOwner }: { channel: Channel; isOwner: boolean }) {
  const { me, nameOf, actions } = useChat();
  const members = useQuery<{ user_id: string }>(MEMBERS, [channel.id]).rows.map(({ user_id }) => user_id);
  const canChange = channel.locked_at === null;
  return (
    <section aria-labelledby="members">
      <h3 id="members">Members</h3>
      {channel.mine === 1 && canChange && <Invite channel={channel} members={members} />}
      <ul className="plain members">
        {members.map((user) => (
          <li key={user}>
            <Avatar id={user} name={nameOf(user)} />
            <span>
              {nameOf(user)} <span className="quiet">{roles(channel, user, me)}</span>
            </span>
            {isOwner && canChange && user !== me && (
              <button
                className="small"
                aria-label={`Remove ${nameOf(user)}`}
                onClick={() => void actions.removeMember(channel.id, user)}
              >
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const roles = (channel: Channel, user: string, me: string) =>
  [user === me && 'you', user === channel.created_by && 'created it'].filter(Boolean).join(', ');

function Invite({ channel, members }: { channel: Channel; members: string[] }) {
  const { users, actions } = useChat();
  const [text, setText] = useState('');
  const others = users.filter(({ id }) => !members.includes(id));
  const chosen = others.find(({ id, name }) => id === text.trim() || name === text.trim())?.id ?? text.trim();
  return (
    <form
      className="one-line"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen === '') return;
        actions.addMember(channel.id, chosen);
        setText('');
      }}
    >
      <label>
        Invite someone
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          list="invitable"
          placeholder="name or user id"
          autoComplete="off"
          autoCapitalize="none"
        />
      </label>
      <datalist id="invitable">
        {others.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </datalist>
      <button disabled={chosen === ''}>Invite</button>
    </form>
  );
}
