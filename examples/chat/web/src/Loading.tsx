// What long work shows: the first connection, and rows that are still coming.
import { useStatus, useWherry } from '@wherry/client/react';
import { useEffect, useState } from 'react';
import { Icon } from './icons.js';
import { setOffline } from './session.js';
import { cure, sentence } from './words.js';
import type { WorkspaceProps } from './Workspace.js';

/** Nothing is on this device yet. */
export function FirstConnection({ identity, leave }: WorkspaceProps) {
  const db = useWherry();
  const { connection, error } = useStatus();
  const isStuck = error !== undefined || connection === 'stopped';
  const connect = () => {
    setOffline(identity, false);
    void db.disconnect().then(() => db.connect());
  };
  return (
    <main className="alone">
      <div className="card">
        <h1>{isStuck ? 'Nothing is on this device yet' : `Hello ${identity.user}`}</h1>
        {isStuck ? (
          <p role="alert">
            <Icon name="alert" /> The first sign-in needs the server. {error && `${sentence(error.message)} ${cure(error.code)}`}
          </p>
        ) : (
          <p role="status">Connecting to the workspace {identity.workspace} for the first time…</p>
        )}
        <div className="buttons">
          {isStuck && (
            <button className="primary" onClick={connect}>
              Try now
            </button>
          )}
          <button onClick={() => void leave('keep data')}>Sign out</button>
        </div>
      </div>
    </main>
  );
}

/** A thin bar while scopes are still being filled. */
export function Loading() {
  const db = useWherry();
  const { scopes, connected } = useStatus();
  const [rows, setRows] = useState(0);
  useEffect(() => db.on('progress', ({ what, done }) => what === 'rows' && setRows(done)), [db]);
  const wanted = scopes.filter((scope) => scope.wanted);
  const live = wanted.filter(({ state }) => state === 'live').length;
  if (!connected || live === wanted.length) return null;
  return (
    <div className="loading" role="status">
      <progress max={wanted.length} value={live} aria-label="Channels that are here" />
      Fetching the history
      {/* It counts up too fast to be read out. */}
      {rows > 0 && <span aria-hidden="true">{rows.toLocaleString()} rows</span>}
    </div>
  );
}
