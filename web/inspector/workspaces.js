// All workspaces of the server.
import { ask } from './api.js';
import { h, show } from './dom.js';
import { bytes, count, exact, plural, rate } from './format.js';
import { Poll } from './poll.js';
import { Rows } from './rows.js';

const PAGE = 100;
const STATES = { open: ['ok', 'open'], busy: ['warn', 'busy'], at_rest: ['quiet', 'at rest'] };
const HINTS = {
  open: 'Somebody is connected, or was a moment ago',
  busy: 'It does not answer: a command takes long',
  at_rest: 'Nobody is connected; its log can be read all the same',
};

export function showWorkspaces(main, report) {
  let offset = 0;
  const name = h('input', {
    type: 'search',
    id: 'name',
    placeholder: 'part of a name',
    autocomplete: 'off',
    oninput: () => ((offset = 0), poll.now()),
  });
  const summary = h('p.quiet', { 'aria-live': 'off' });
  const rows = new Rows(
    [
      { title: 'Workspace' },
      { title: 'State' },
      { title: 'Seq', number: true },
      { title: 'Sessions', number: true },
      { title: 'Commands', number: true },
      { title: 'Waiting', number: true },
      { title: 'File', number: true },
    ],
    'Workspaces',
    { key: (one) => one.name, cells },
  );
  const more = h('div.pages');
  main.append(
    h(
      'section',
      h('div.title', h('h1', 'Workspaces'), h('label.search', { for: 'name' }, h('span.hidden', 'Find'), name)),
      summary,
      h('div.scroll', rows.element),
      more,
    ),
  );

  const turn = (by) => {
    offset = Math.max(0, offset + by);
    poll.now();
  };
  const poll = new Poll(
    async (signal) => {
      const { total, open, workspaces } = await ask(['workspaces'], { name: name.value, offset, limit: PAGE }, signal);
      show(
        summary,
        total === 0
          ? name.value
            ? 'No workspace has such a name.'
            : 'There is no workspace yet: wherry workspace create makes one; in development, whoever connects.'
          : `${plural(total, 'workspace')}, ${count(open)} open`,
      );
      rows.update(workspaces);
      rows.element.hidden = total === 0;
      show(
        more,
        total > PAGE && [
          h('button', { type: 'button', disabled: offset === 0, onclick: () => turn(-PAGE) }, 'Back'),
          h('span.quiet', `${count(offset + 1)} to ${count(offset + workspaces.length)}`),
          h('button', { type: 'button', disabled: offset + workspaces.length >= total, onclick: () => turn(PAGE) }, 'On'),
        ],
      );
    },
    1500,
    report,
  );
  return { stop: () => poll.stop() };
}

function cells({ name, state, head, sessions, per_second, waiting_commands, bytes: size, wal_bytes, created_at }) {
  const [mark, word] = STATES[state];
  return [
    [h('a', { href: `#/w/${name}`, title: `made ${exact(created_at)}` }, name)],
    [h(`span.badge.${mark}`, { title: HINTS[state] }, word)],
    [head === undefined ? '–' : count(head)],
    [sessions === undefined ? '–' : count(sessions)],
    [head === undefined ? '–' : rate(per_second)],
    [waiting_commands === undefined ? '–' : count(waiting_commands)],
    [h('span', { title: `${bytes(size)} and ${bytes(wal_bytes)} in its WAL` }, bytes(size + wal_bytes))],
  ];
}
