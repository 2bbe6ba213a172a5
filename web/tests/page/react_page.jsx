// What the test of the hooks drives: parts that are shown or not, and what they have drawn.
import { Component, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import { Wherry } from '@wherry/client';
import { useCommand, useQuery, useStatus, useSuspenseQuery, WherryProvider } from '@wherry/client/react';

const BODIES = 'SELECT id, body FROM messages WHERE channel_id = ? ORDER BY id';
globalThis.seen = { rows: new Set(), commands: new Set() };

function List({ name }) {
  const { rows, loading, error } = useQuery(BODIES, ['g']);
  seen.rows.add(rows);
  return <p id={name}>{error ? error.message : loading ? 'loading' : rows.map(({ body }) => body).join(', ')}</p>;
}
function Waiting({ sql }) {
  return <p id="suspended">{useSuspenseQuery(sql, ['g']).length}</p>;
}
function Writer() {
  const execute = useCommand();
  seen.commands.add(execute);
  globalThis.post = (id, body) => execute('message.post', { id, channel_id: 'g', body }).saved;
  return <p id="pending">{useStatus().pending}</p>;
}
class Boundary extends Component {
  state = {};
  static getDerivedStateFromError = (error) => ({ error });
  render = () => (this.state.error ? <p id="caught">{this.state.error.code}</p> : this.props.children);
}

const open = async (user) => {
  const url = `ws://${location.host}/team`;
  const token = async () => (await (await fetch(`/dev/token/team/${user}`)).json()).token;
  globalThis.db = await Wherry.open({ url, token, name: user });
  globalThis.watching = 0;
  const watch = db.watch.bind(db);
  db.watch = (...args) => {
    ++watching;
    const stop = watch(...args);
    return () => (--watching, stop());
  };
};

const root = createRoot(document.querySelector('main'));
/** Draws these parts: `lists` by name, `suspended` as SQL. */
globalThis.draw = ({ lists = [], suspended, writer }) =>
  flushSync(() =>
    root.render(
      <StrictMode>
        <WherryProvider db={db}>
          {lists.map((name) => <List key={name} name={name} />)}
          {writer && <Writer />}
          {suspended && <Boundary key={suspended}><Suspense fallback={<p id="fallback" />}><Waiting sql={suspended} /></Suspense></Boundary>}
        </WherryProvider>
      </StrictMode>,
    ),
  );
globalThis.open = open;
document.title = 'ready';
