// Which view is shown: the address behind the # says it.
import { ask, token } from './api.js';
import { h } from './dom.js';
import { showWorkspace } from './workspace.js';
import { showWorkspaces } from './workspaces.js';

const main = document.getElementById('main');
const place = document.getElementById('place');
const tools = document.getElementById('tools');
const trouble = document.getElementById('trouble');

/** What is shown, and how to end it. */
let shown = { key: undefined, view: undefined };

function route() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [kind, name, tab = 'commands', item] = path.split('/');
  const params = Object.fromEntries(new URLSearchParams(query));
  const key = kind === 'w' && name ? `w/${name}` : '';
  if (key !== shown.key) {
    leave();
    main.replaceChildren();
    const view = key ? showWorkspace(main, name, report) : showWorkspaces(main, report);
    shown = { key, view };
    document.title = key ? `${name} · Wherry inspector` : 'Wherry inspector';
    place.replaceChildren(
      ...(key ? [h('a', { href: '#/' }, 'Workspaces'), h('span.slash', { 'aria-hidden': true }, '/'), h('b', name)] : []),
    );
  }
  shown.view.go?.(tab, item, params);
}

function leave() {
  shown.view?.stop();
  shown = { key: undefined, view: undefined };
}

/** Of everything that asks: what went wrong, or null. 'stop' ends the asking. */
function report(error) {
  if (!error) return void trouble.replaceChildren();
  if (error.status === 401 || error.status === 403 || error.status === 429) {
    leave();
    askForToken(error);
    return 'stop';
  }
  trouble.replaceChildren(h('p', h('b', 'Not up to date: '), error.message));
}

function askForToken(error) {
  const isFirst = token.get() === '' && error.status === 401;
  token.set('');
  showTools();
  trouble.replaceChildren();
  place.replaceChildren();
  const field = h('input', {
    type: 'password',
    id: 'token',
    required: true,
    autocomplete: 'off',
    'aria-describedby': 'token-help',
  });
  const submit = (event) => {
    event.preventDefault();
    token.set(field.value.trim().replace(/^Bearer\s+/i, ''));
    showTools();
    start();
  };
  main.replaceChildren(
    h(
      'form.sign-in',
      { onsubmit: submit },
      h('h1', 'Who are you?'),
      isFirst
        ? h(
            'p',
            'Outside development the inspector shows whoever has a token with the role ',
            h('code', 'admin'),
            ' the workspace that it is for.',
          )
        : h('p', h('b.bad', { role: 'alert' }, error.message)),
      h('label', { for: 'token' }, 'Token'),
      field,
      h(
        'p.quiet',
        { id: 'token-help' },
        h('code', 'wherry token --data DIR --workspace W --user U --role admin'),
        ' makes one. It stays in this tab and is sent to this server only.',
      ),
      h('button.main', { type: 'submit' }, 'Look'),
    ),
  );
  field.focus();
}

function showTools() {
  const forget = () => {
    token.set('');
    leave();
    start();
  };
  tools.replaceChildren(...(token.get() ? [h('button', { type: 'button', onclick: forget }, 'Forget the token')] : []));
}

/** A token is for one workspace: its holder is taken there. */
async function start() {
  try {
    const { total, workspaces } = await ask(['workspaces'], { limit: 2 });
    if (token.get() && total === 1 && !/^#\/w\//.test(location.hash)) location.hash = `#/w/${workspaces[0].name}`;
  } catch (error) {
    if (report(error) === 'stop') return;
  }
  main.replaceChildren();
  route();
}

addEventListener('hashchange', () => shown.view && route());
showTools();
start();
