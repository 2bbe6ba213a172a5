// All that was not accepted, wherever it belongs; also what belongs to a channel that is not here any more.
import { useChannels, useCommands } from './chat.js';
import { Dialog } from './Dialog.js';
import { Failed } from './Failed.js';
import { shortTime } from './time.js';
import type { CommandData, OwnCommand } from './types.js';

export function Attention({ close }: { close: () => void }) {
  const failed = useCommands().all.filter(({ state }) => state !== 'pending');
  return (
    <Dialog title="Not accepted" close={close}>
      <p className="quiet">What you did was kept here, and the server could not carry it out. Nothing that you typed is lost.</p>
      {failed.length === 0 && <p>All is done.</p>}
      <ul className="plain attention">
        {failed.map((command) => (
          <li key={command.id}>
            <Where command={command} />
            <Failed command={command} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Where({ command }: { command: OwnCommand }) {
  const channels = useChannels();
  const { channel_id } = JSON.parse(command.data ?? '{}') as CommandData;
  const channel = channel_id && channels.find(({ id }) => id === channel_id);
  return (
    <p className="quiet">
      {shortTime(command.at)}
      {channel && `, ${channel.name}`}
      {channel_id && !channel && ', a channel that is not here any more'}
    </p>
  );
}
