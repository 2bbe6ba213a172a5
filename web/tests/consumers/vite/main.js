import { newId, Wherry } from '@wherry/client';
import { useCommand, useQuery, useStatus, WherryProvider } from '@wherry/client/react';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';

// From the page's own server, unless the address names another.
const asked = new URLSearchParams(location.search);
const db = await Wherry.open({
  url: asked.get('url') ?? `ws://${location.host}/team`,
  token: asked.get('token') ?? (async () => (await (await fetch('/dev/token/team/ann')).json()).token),
  name: 'ann',
});

function Notes() {
  const { rows } = useQuery('SELECT id, name FROM channels ORDER BY name');
  const execute = useCommand();
  const add = (form) => execute('channel.create', { id: newId(), name: form.get('name') });
  return h(
    'form',
    { action: add, 'data-synced': useStatus().synced },
    h('input', { name: 'name' }),
    h('ul', null, rows.map(({ id, name }) => h('li', { key: id }, name))),
  );
}

createRoot(document.getElementById('app')).render(h(WherryProvider, { db }, h(Notes)));
