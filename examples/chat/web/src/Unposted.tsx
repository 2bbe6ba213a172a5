// A post that is in no table: turned down by the server, or waiting and without effect for now. Its text is kept.
import { Avatar } from './Avatar.js';
import { Body } from './Body.js';
import { useChat } from './chat.js';
import { Failed } from './Failed.js';
import { Icon } from './icons.js';
import { fullTime, timeOf } from './time.js';
import type { CommandData, OwnCommand } from './types.js';
import { why } from './words.js';

export function Unposted({ command, data }: { command: OwnCommand; data: CommandData }) {
  const { me, nameOf } = useChat();
  return (
    <li className="message first unposted" data-command={command.id}>
      <Avatar id={me} name={nameOf(me)} />
      <p className="message-head">
        <strong>{nameOf(me)}</strong>
        <time dateTime={new Date(command.at).toISOString()} title={fullTime(command.at)}>
          {timeOf(command.at)}
        </time>
      </p>
      <div className="message-content">
        <Body text={data.body ?? ''} />
        {command.state === 'pending' ? (
          <p className="marks">
            <Icon name="clock" size={13} /> Waiting for the server. For now: {why(command.code, command.message)}
          </p>
        ) : (
          <Failed command={command} hasText={false} />
        )}
      </div>
    </li>
  );
}
