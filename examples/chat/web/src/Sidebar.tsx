// The channels, and the switch to work offline.
import { useStatus, useWherry } from '@wherry/client/react';
import { useEffect, useRef, useState } from 'react';
import { useChannels } from './chat.js';
import { CreateChannel } from './CreateChannel.js';
import { isDialogOpen } from './Dialog.js';
import { Icon } from './icons.js';
import { hashOf } from './place.js';
import { UNREAD_MOST } from './queries.js';
import { setOffline, type Identity } from './session.js';
import type { Channel } from './types.js';

interface SidebarProps {
  identity: Identity;
  current: string | undefined;
  isDrawer: boolean;
  close: () => void;
}

export function Sidebar({ identity, current, isDrawer, close }: SidebarProps) {
  const channels = useChannels();
  const [isCreating, setCreating] = useState(false);
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isDrawer) return;
    drawer.current?.querySelector<HTMLElement>('a, button')?.focus();
    const escape = (event: KeyboardEvent) => event.key === 'Escape' && !isDialogOpen() && close();
    addEventListener('keydown', escape);
    return () => {
      removeEventListener('keydown', escape);
      document.querySelector<HTMLElement>('.bar [aria-controls=channels]')?.focus();
    };
  }, [isDrawer, close]);

  const mine = channels.filter((channel) => channel.mine);
  const others = channels.filter((channel) => !channel.mine);
  return (
    <>
      <div className="shade" onClick={close} />
      <nav className="sidebar" id="channels" aria-label="Channels" ref={drawer}>
        <div className="channels" onClick={(event) => (event.target as Element).closest('a') && close()}>
          <div className="sidebar-heading">
            <h2>Channels</h2>
            <button
              className="icon-button"
              aria-label="Create a channel"
              title="Create a channel"
              onClick={() => setCreating(true)}
            >
              <Icon name="plus" size={18} />
            </button>
          </div>
          <ChannelList channels={mine} current={current} />
          {others.length > 0 && (
            <>
              <div className="sidebar-heading">
                <h2>Open to join</h2>
              </div>
              <ChannelList channels={others} current={current} />
            </>
          )}
        </div>
        <OfflineSwitch identity={identity} />
      </nav>
      {isCreating && <CreateChannel close={() => setCreating(false)} />}
    </>
  );
}

function ChannelList({ channels, current }: { channels: Channel[]; current: string | undefined }) {
  return (
    <ul className="plain">
      {channels.map((channel) => (
        <li key={channel.id}>
          <ChannelLink channel={channel} isCurrent={channel.id === current} />
        </li>
      ))}
    </ul>
  );
}

function ChannelLink({ channel, isCurrent }: { channel: Channel; isCurrent: boolean }) {
  const unread = channel.mine ? channel.unread : 0;
  return (
    <a
      href={hashOf({ channel: channel.id })}
      className={`channel-link${unread > 0 ? ' has-unread' : ''}`}
      aria-current={isCurrent ? 'page' : undefined}
    >
      <Icon name={channel.private ? 'lock' : 'hash'} size={16} />
      <span className="channel-name">
        {channel.name}
        {channel.private === 1 && <span className="sr">, private</span>}
      </span>
      {channel.locked_at !== null && (
        <span className="quiet" title="Locked">
          <Icon name="locked" size={14} />
          <span className="sr">, locked</span>
        </span>
      )}
      {unread > 0 && (
        <span className="badge">
          {unread > UNREAD_MOST ? `${UNREAD_MOST}+` : unread}
          <span className="sr"> unread</span>
        </span>
      )}
    </a>
  );
}

function OfflineSwitch({ identity }: { identity: Identity }) {
  const db = useWherry();
  const { connection, error } = useStatus();
  const isOffline = connection === 'stopped' && !error;
  const toggle = () => {
    setOffline(identity, !isOffline);
    void (isOffline ? db.connect() : db.disconnect());
  };
  return (
    <button className="switch" role="switch" aria-checked={isOffline} onClick={toggle}>
      <span>Work offline</span>
      <span className="track" aria-hidden="true" />
    </button>
  );
}
