// Signs in with a development token: a name is enough.
import { useState, type FormEvent } from 'react';
import { Avatar } from './Avatar.js';
import { databaseOf, knownIdentities, type Identity } from './session.js';

export function SignIn({ signIn }: { signIn: (identity: Identity) => void }) {
  const [known] = useState(knownIdentities);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? '').trim();
    const role = field('role');
    if (field('user')) signIn({ user: field('user'), workspace: field('workspace') || 'team', ...(role && { role }) });
  };
  return (
    <main className="alone">
      <div className="card">
        <img src={new URL('./icon.svg', import.meta.url).href} width="48" height="48" alt="" />
        <h1>Wherry chat</h1>
        <p className="quiet">A team chat that answers at once and works without a network. This server lets anyone in by name.</p>
        <form onSubmit={submit}>
          <label>
            Your user name
            <input
              name="user"
              required
              autoFocus
              autoCapitalize="none"
              autoComplete="username"
              spellCheck={false}
              maxLength={64}
            />
          </label>
          <details>
            <summary>Workspace and role</summary>
            <label>
              Workspace
              <input name="workspace" defaultValue="team" pattern="[A-Za-z0-9_.\-]+" maxLength={64} autoCapitalize="none" />
            </label>
            <label>
              Role
              <input name="role" placeholder="none, or admin" autoCapitalize="none" />
            </label>
          </details>
          <button className="primary">Sign in</button>
        </form>
        {known.length > 0 && <Known identities={known} signIn={signIn} />}
      </div>
    </main>
  );
}

function Known({ identities, signIn }: { identities: Identity[]; signIn: (identity: Identity) => void }) {
  return (
    <section aria-labelledby="known">
      <h2 id="known">On this device</h2>
      <ul className="plain">
        {identities.map((one) => (
          <li key={databaseOf(one)}>
            <button className="row-button" onClick={() => signIn(one)}>
              <Avatar id={one.user} name={one.user} />
              <span>{one.user}</span>
              <span className="quiet">
                {one.workspace}
                {one.role && `, ${one.role}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
