// One command: what was asked, what became of it and why, what it changed, and who has got it.
import { ask } from './api.js';
import { h, show } from './dom.js';
import { bytes, count, duration, exact, json, plural, short, time } from './format.js';
import { Poll } from './poll.js';

const REASONS = {
  entity_missing: 'The row that it is about did not exist on the server, or its author may not read it.',
  entity_exists: 'It was to make a row with a key that was taken.',
  entity_deleted: 'The row that it is about had been deleted before it came.',
  entity_locked: 'The row that it is about was locked when it came, perhaps by a command that its author had not seen.',
};
const RECEIVED = {
  sent: ['ok', 'sent'],
  behind: ['warn', 'not yet'],
  not_loaded: ['quiet', 'not loaded'],
  not_entitled: ['quiet', 'not entitled'],
};

export class Details {
  #side;
  #path;
  #report;
  #close;
  #seq;
  #poll;

  constructor(side, path, report, close) {
    this.#side = side;
    this.#path = path;
    this.#report = report;
    this.#close = close;
    side.addEventListener('keydown', ({ key }) => key === 'Escape' && close());
  }

  async open(seq) {
    if (seq === this.#seq) return;
    this.stop();
    this.#seq = seq;
    this.#side.hidden = seq === undefined;
    this.#side.replaceChildren();
    if (seq === undefined) return;
    const title = h('h2', { tabindex: '-1' }, `Command ${count(seq)}`);
    const body = h('div');
    const recipients = h('section');
    this.#side.append(h('div.title', title, h('button', { type: 'button', onclick: this.#close }, 'Close')), body, recipients);
    title.focus({ preventScroll: false });
    try {
      const answer = await ask([...this.#path, 'commands', String(seq)]);
      if (this.#seq !== seq) return;
      show(body, describe(answer));
      const author = answer.command.user_id;
      const ofCommand = [...this.#path, 'commands', String(seq), 'recipients'];
      this.#poll = new Poll(
        async (signal) => show(recipients, who(await ask(ofCommand, {}, signal), answer, author)),
        2000,
        (error) =>
          error && !error.status
            ? this.#report(error)
            : error && show(recipients, h('h3', 'Who gets it'), h('p.bad', error.message)),
      );
    } catch (error) {
      if (this.#report(error) !== 'stop') show(body, h('p.bad', { role: 'alert' }, error.message));
    }
  }

  stop() {
    this.#poll?.stop();
    this.#poll = undefined;
  }
}

function describe({ command, scopes, now }) {
  const c = command;
  const entry = (title, ...value) => [h('dt', title), h('dd', value)];
  const moment = (ms) => h('time', { datetime: exact(ms), title: exact(ms) }, time(ms, now));
  const travelled = c.server_received_timestamp - c.client_timestamp;
  const waited = c.server_handled_timestamp - c.server_received_timestamp;
  // The log's own entries and those of bots know all that there was.
  const unseen = c.replica_id ? Math.max(0, c.seq - 1 - c.base_seq) : 0;
  return [
    verdict(c),
    h(
      'dl.pairs',
      entry('Command', h('code', c.name)),
      entry(
        'User',
        c.user_id,
        c.roles?.length > 0 && h('span.quiet', ` in the roles ${c.roles.join(', ')}`),
        c.submitted_by && h('span.quiet', ` by way of ${c.submitted_by}`),
      ),
      c.entity_id !== null && entry('Entity', h('code', c.entity_id)),
      entry('Done on the device', moment(c.client_timestamp), h('span.quiet', ' by its clock')),
      entry(
        'Received',
        moment(c.server_received_timestamp),
        h('span.quiet', travelled >= 0 ? ` after ${duration(travelled)}` : `; its clock is ${duration(-travelled)} ahead`),
      ),
      entry('Handled', moment(c.server_handled_timestamp), h('span.quiet', ` after waiting ${duration(waited)}`)),
      entry('Counts as written', moment(c.stamp_ms), h('span.quiet', ` stamp, counter ${c.stamp_counter}`)),
      entry(
        'Had seen',
        c.replica_id
          ? [
              `seq ${count(c.base_seq)}`,
              h('span.quiet', unseen === 0 ? ', all there was' : `, not the ${plural(unseen, 'command')} since`),
            ]
          : 'all, on the server itself',
      ),
      c.replica_id && entry('Replica', h('code', c.replica_id), h('span.quiet', `, its number ${count(c.replica_seq)}`)),
      entry('Scopes', scopes.length > 0 ? scopes.map((name) => h('span.chip', name)) : h('span.quiet', 'none')),
    ),
    h('h3', 'Data'),
    h('pre', { tabindex: '0' }, c.data === null ? 'gone' : json(c.data, 2)),
    h('h3', 'What it changed'),
    changes(c),
  ];
}

function verdict(c) {
  if (c.outcome === 'applied') return h('p.verdict.ok', h('b', 'Applied'));
  if (c.outcome === 'rejected')
    return h(
      'div.verdict.bad',
      h('p', h('b', 'Rejected'), ' ', h('code', c.code)),
      c.message && h('p', c.message),
      REASONS[c.code] && h('p.quiet', REASONS[c.code]),
    );
  return h(
    'div.verdict.warn',
    h('p', h('b', 'Superseded'), ' Others had written some of its cells later: these did not take effect.'),
    h(
      'ul',
      (c.lost ?? []).map(({ table, key, column }) =>
        h(
          'li',
          h('code', column ? `${table}.${column}` : table),
          ' of ',
          h('code', key.map((value) => json(value)).join(', ')),
          !column && ' (whether the row exists)',
        ),
      ),
    ),
  );
}

function changes({ delta, delta_changes }) {
  if (typeof delta === 'string') return h('p.bad', delta);
  if (!delta || delta.length === 0) return h('p.quiet', 'Nothing.');
  return [
    delta.map((change) =>
      h('div.change', h('h4', h('code', change.table), ' ', h('span.quiet', kindOf(change))), h('div.scroll', cells(change))),
    ),
    delta_changes > delta.length && h('p.quiet', `and ${plural(delta_changes - delta.length, 'more row')}`),
  ];
}

function kindOf({ before, after, absent }) {
  if (absent) return `row ${absent.map((value) => json(value)).join(', ')}, which was not there`;
  return !before ? 'row added' : !after ? 'row removed' : 'row changed';
}

function cells({ before, after }) {
  const columns = Object.keys(before ?? after ?? {});
  const differs = (column) => !before || !after || json(before[column]) !== json(after[column]);
  const cell = (row, column, mark) => h('td', row && h(differs(column) ? mark : 'span', short(json(row[column]), 2000)));
  return h(
    'table.cells',
    h(
      'thead',
      h(
        'tr',
        h('th', { scope: 'col' }, 'Column'),
        before && h('th', { scope: 'col' }, 'Before'),
        after && h('th', { scope: 'col' }, 'After'),
      ),
    ),
    h(
      'tbody',
      columns.map((column) =>
        h(
          before && after && !differs(column) ? 'tr.same' : 'tr',
          h('th', { scope: 'row' }, column),
          before && cell(before, column, 'del'),
          after && cell(after, column, 'ins'),
        ),
      ),
    ),
  );
}

function who({ head, entitled, has_more, sessions, has_more_sessions }, { command }, author) {
  const bySession = sessions.filter(({ received }) => received !== 'not_entitled');
  const others = sessions.filter(({ received }) => received === 'not_entitled');
  const connected = new Set(sessions.map(({ user }) => user));
  const away = entitled.filter(({ user, until }) => !connected.has(user) && until === undefined);
  const name = (user) => [user, user === author && h('span.quiet', ' (its author)')];
  const behind = (s) => s.scopes.filter(({ state, position }) => state === 'scanning' && position < command.seq);
  return [
    h('h3', 'Who gets it'),
    command.outcome === 'rejected' && h('p.quiet', 'A rejected command changes nothing: only its author is told.'),
    h(
      'table.who',
      h('caption.hidden', 'Who gets it'),
      h(
        'thead',
        h('tr', h('th', { scope: 'col' }, 'User'), h('th', { scope: 'col' }, 'Entitled'), h('th', { scope: 'col' }, 'Got it')),
      ),
      h(
        'tbody',
        bySession.map((s) =>
          h(
            'tr',
            h('td', name(s.user)),
            h('td', entitlement(entitled.find(({ user }) => user === s.user))),
            h(
              'td',
              h(`span.badge.${RECEIVED[s.received][0]}`, RECEIVED[s.received][1]),
              h(
                'span.quiet',
                s.received === 'behind'
                  ? ` reads ${
                      behind(s)
                        .map((one) => `${one.name} at seq ${count(one.position)}`)
                        .join(', ') || `at seq ${count(s.position)}`
                    } of ${count(head)}`
                  : s.queued_bytes >= 65_536
                    ? ` with ${bytes(s.queued_bytes)} still on the way`
                    : '',
              ),
            ),
          ),
        ),
        away.map((one) =>
          h(
            'tr',
            h('td', name(one.user)),
            h('td', entitlement(one)),
            h('td', h('span.badge.quiet', 'not connected'), h('span.quiet', ' gets it when he comes back')),
          ),
        ),
        entitled
          .filter(({ until, user }) => until !== undefined && !bySession.some((s) => s.user === user))
          .map((one) => h('tr.same', h('td', name(one.user)), h('td', entitlement(one)), h('td', h('span.quiet', 'no more')))),
      ),
    ),
    has_more && h('p.quiet', 'There are more who are entitled.'),
    others.length > 0 &&
      command.outcome !== 'rejected' &&
      h('p', h('b', 'Connected, and hold none of its scopes: '), [...new Set(others.map(({ user }) => user))].join(', ')),
    has_more_sessions && h('p.quiet', 'There are more sessions.'),
  ];
}

function entitlement(one) {
  if (!one) return h('span.quiet', 'by a scope that he has got since');
  return h(
    'span',
    { title: exact(one.since) },
    `since ${time(one.since)}`,
    one.until !== undefined && ` until ${time(one.until)}`,
  );
}
