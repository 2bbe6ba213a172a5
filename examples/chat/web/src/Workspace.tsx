// The signed-in page: bar, channels, the open channel, a thread beside it.
import { useStatus } from '@wherry/client/react';
import { useCallback, useEffect, useState } from 'react';
import { Attention } from './Attention.js';
import { Bar } from './Bar.js';
import { ChannelView } from './ChannelView.js';
import { ChatProvider, useChannels } from './chat.js';
import { isDialogOpen } from './Dialog.js';
import { FirstConnection, Loading } from './Loading.js';
import { go, replace, usePlace } from './place.js';
import { Search } from './Search.js';
import { lastChannel, rememberChannel, type Identity } from './session.js';
import { Shortcuts } from './Shortcuts.js';
import { Sidebar } from './Sidebar.js';
import { Thread } from './Thread.js';
import type { Channel } from './types.js';
import { YourName } from './YourName.js';

export interface WorkspaceProps {
  identity: Identity;
  leave: (keep: 'keep data' | 'remove data') => Promise<void>;
}

export function Workspace(props: WorkspaceProps) {
  const { schemaHash } = useStatus();
  // The tables come with the first connection.
  if (schemaHash === '') return <FirstConnection {...props} />;
  return (
    <ChatProvider identity={props.identity}>
      <Rooms {...props} />
    </ChatProvider>
  );
}

export type Overlay = 'search' | 'attention' | 'shortcuts' | 'drawer';

function Rooms({ identity, leave }: WorkspaceProps) {
  const channels = useChannels();
  const place = usePlace();
  const [overlay, setOverlay] = useState<Overlay>();
  const close = useCallback(() => setOverlay(undefined), []);
  const channel = channels.find(({ id }) => id === place.channel);
  useStartChannel(identity, channels);
  useShortcuts(channels, setOverlay);
  useTitle(channel, channels);

  return (
    <div className={`app${place.thread && channel ? ' with-thread' : ''}${overlay === 'drawer' ? ' with-drawer' : ''}`}>
      <a className="skip" href="#messages" onClick={skipToMessages}>
        Skip to the messages
      </a>
      <Bar identity={identity} leave={leave} open={setOverlay} />
      <Sidebar identity={identity} current={place.channel} isDrawer={overlay === 'drawer'} close={close} />
      <main aria-label={channel ? `Channel ${channel.name}` : 'Messages'} inert={overlay === 'drawer'}>
        <Loading />
        <YourName />
        {channel ? <ChannelView key={channel.id} channel={channel} at={place.thread ? undefined : place.at} /> : <Nowhere />}
      </main>
      {channel && place.thread && <Thread key={place.thread} id={place.thread} channel={channel} at={place.at} />}
      {overlay === 'search' && <Search close={close} />}
      {overlay === 'attention' && <Attention close={close} />}
      {overlay === 'shortcuts' && <Shortcuts close={close} />}
    </div>
  );
}

function skipToMessages(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('.composer textarea, .messages')?.focus();
}

function Nowhere() {
  const channels = useChannels();
  const { channel } = usePlace();
  if (!channel && channels.length > 0) return null;
  return (
    <div className="nowhere">
      <h1>{channel ? 'This channel is not here' : 'No channels yet'}</h1>
      <p>
        {channel
          ? 'It does not exist, or you are not a member of it any more.'
          : 'Create the first one with the plus sign beside “Channels”.'}
      </p>
    </div>
  );
}

/** Begins where one was the last time, or else in the first channel of one's own. */
function useStartChannel(identity: Identity, channels: Channel[]): void {
  const { channel } = usePlace();
  const { synced, connection } = useStatus();
  useEffect(() => {
    if (channel) return rememberChannel(identity, channel);
    const last = channels.find(({ id }) => id === lastChannel(identity));
    const first = last ?? channels.find(({ mine }) => mine);
    // While rows still come in, his own may be among those to come.
    const any = synced || connection === 'stopped' ? channels[0] : undefined;
    const start = first ?? any;
    if (start) replace({ channel: start.id });
  }, [identity, channel, channels, synced, connection]);
}

function useTitle(channel: Channel | undefined, channels: Channel[]): void {
  const unread = channels.reduce((sum, one) => sum + (one.mine ? one.unread : 0), 0);
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${channel ? `${channel.name} – ` : ''}Wherry chat`;
  }, [channel?.name, unread]);
}

function useShortcuts(channels: Channel[], open: (overlay: Overlay) => void): void {
  const { channel, thread } = usePlace();
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const isCommand = event.ctrlKey || event.metaKey;
      if (isCommand && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('search');
      } else if (isCommand && event.key === '/') {
        event.preventDefault();
        open('shortcuts');
      } else if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
        event.preventDefault();
        const mine = channels.filter((one) => one.mine);
        const at = mine.findIndex(({ id }) => id === channel);
        const next = mine[(at + (event.key === 'ArrowDown' ? 1 : -1) + mine.length) % mine.length];
        if (next) go({ channel: next.id });
      } else if (event.key === 'Escape' && !event.defaultPrevented && !isDialogOpen() && thread && channel) {
        go({ channel });
      }
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [channels, channel, thread, open]);
}
