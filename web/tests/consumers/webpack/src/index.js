import { newId, Wherry } from '@wherry/client';

const db = await Wherry.open({
  url: `ws://${location.host}/team`,
  token: async () => (await (await fetch('/dev/token/team/ann')).json()).token,
  name: 'ann',
});

const form = document.querySelector('form');
const list = document.querySelector('ul');
form.addEventListener('submit', (event) => {
  event.preventDefault();
  db.execute('channel.create', { id: newId(), name: new FormData(form).get('name') });
  form.reset();
});
const item = ({ name }) => Object.assign(document.createElement('li'), { textContent: name });
db.watch('SELECT name FROM channels ORDER BY name', [], (rows) => list.replaceChildren(...rows.map(item)));
const show = ({ synced }) => (form.dataset.synced = synced);
db.on('status', show);
show(db.status);
