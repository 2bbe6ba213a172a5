// Online or not, and how much waits for that.
import type { Status } from '@wherry/client';
import { useStatus } from '@wherry/client/react';
import { cure, plural, sentence } from './words.js';

type Kind = 'online' | 'connecting' | 'offline' | 'refused';

export function ConnectionState() {
  const status = useStatus();
  const { kind, text, detail } = told(status);
  return (
    <div className={`connection ${kind}`} title={detail}>
      <span className="dot" aria-hidden="true" />
      <span role="status">
        <span>{text}</span>
        {detail && kind !== 'online' && <span className="sr">. {detail}</span>}
      </span>
      {status.pending > 0 && (
        <span className="pending-count" title={`${plural(status.pending, 'change')} not confirmed by the server yet`}>
          {status.pending} <span className="not-small">pending</span>
        </span>
      )}
    </div>
  );
}

function told({ connection, connected, error }: Status): { kind: Kind; text: string; detail: string } {
  if (connected && connection === 'online') return { kind: 'online', text: 'Online', detail: 'In touch with the server' };
  const detail = error ? `${sentence(error.message)} ${cure(error.code)}` : '';
  if (error?.code === 'unauthorized' && connection !== 'connecting') return { kind: 'refused', text: 'Refused', detail };
  switch (connection) {
    case 'connecting':
    case 'online':
      return { kind: 'connecting', text: 'Connecting', detail };
    case 'stopped':
      return error
        ? { kind: 'refused', text: 'Refused', detail }
        : { kind: 'offline', text: 'Working offline', detail: 'Your changes are kept here until you go online.' };
    default:
      return { kind: 'offline', text: 'Offline', detail: detail || 'Trying again.' };
  }
}
