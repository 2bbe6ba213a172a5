// Signed out, opening the database, or signed in.
import type { Wherry, WherryError } from '@wherry/client';
import type { App as Bundle } from './bundle.js';
import { WherryProvider } from '@wherry/client/react';
import { useCallback, useEffect, useState } from 'react';
import { Icon } from './icons.js';
import { databaseOf, identityIn, open, remember, removeData, searchOf, type Identity } from './session.js';
import { SignIn } from './SignIn.js';
import { cure, sentence } from './words.js';
import { Workspace } from './Workspace.js';

export function App() {
  const [identity, setIdentity] = useState(() => identityIn(location.search));
  useEffect(() => {
    const moved = () =>
      setIdentity((before) => {
        const now = identityIn(location.search);
        return now && before && searchOf(now) === searchOf(before) ? before : now;
      });
    addEventListener('popstate', moved);
    return () => removeEventListener('popstate', moved);
  }, []);

  const become = (next: Identity | undefined) => {
    history.pushState(null, '', next ? `/${searchOf(next)}` : '/');
    setIdentity(next);
  };
  if (!identity) return <SignIn signIn={become} />;
  return <Session key={`${databaseOf(identity)} ${identity.role}`} identity={identity} signOut={() => become(undefined)} />;
}

function Session({ identity, signOut }: { identity: Identity; signOut: () => void }) {
  const { db, error, again, fail } = useDatabase(identity);
  const leave = async (keep: 'keep data' | 'remove data') => {
    db?.close();
    try {
      if (keep === 'remove data') await removeData(identity);
      signOut();
    } catch (error) {
      fail(error as WherryError);
    }
  };
  if (error) return <NotOpen error={error} again={again} leave={leave} />;
  if (!db) return <Opening />;
  return (
    <WherryProvider db={db}>
      <Workspace identity={identity} leave={leave} />
    </WherryProvider>
  );
}

interface Opened {
  db?: Wherry<Bundle>;
  error?: WherryError;
}

function useDatabase(identity: Identity) {
  const [opened, setOpened] = useState<Opened>({});
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isWanted = true;
    const opening = open(identity);
    opening.then(
      (db) => {
        if (!isWanted) return;
        remember(identity);
        setOpened({ db });
      },
      (error: WherryError) => isWanted && setOpened({ error }),
    );
    return () => {
      isWanted = false;
      opening.then((db) => db.close()).catch(() => {});
    };
  }, [identity, attempt]);
  const again = useCallback(() => {
    setOpened({});
    setAttempt((n) => n + 1);
  }, []);
  return { ...opened, again, fail: (error: WherryError) => setOpened({ error }) };
}

function Opening() {
  return (
    <main className="alone" aria-busy="true">
      <p role="status" className="soon">
        Opening the messages on this device…
      </p>
    </main>
  );
}

interface NotOpenProps {
  error: WherryError;
  again: () => void;
  leave: (keep: 'keep data' | 'remove data') => Promise<void>;
}

function NotOpen({ error, again, leave }: NotOpenProps) {
  return (
    <main className="alone">
      <div className="card" role="alert">
        <h1>
          <Icon name="alert" /> The chat cannot be opened
        </h1>
        <p>{sentence(error.message)}</p>
        <p>{cure(error.code)}</p>
        <div className="buttons">
          <button className="primary" onClick={error.code === 'version' ? () => location.reload() : again}>
            {error.code === 'version' ? 'Reload' : 'Try again'}
          </button>
          <button onClick={() => void leave('keep data')}>Sign out</button>
        </div>
        <p className="quiet">
          Code <code>{error.code}</code>
        </p>
      </div>
    </main>
  );
}
