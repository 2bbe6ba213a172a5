// Who is connected to a workspace, with which scopes, and who lags behind.
import { ask } from './api.js';
import { h, show } from './dom.js';
import { bytes, count, duration, exact, plural } from './format.js';
import { Poll } from './poll.js';
import { Rows } from './rows.js';

const PAGE = 50,
  FEW = 8,
  MANY = 500;
/** Of bytes on the way the server is told in steps of this. */
const TOLD = 65_536;
/** Whoever is connected holds these by himself. */
const OWN = /^(workspace$|user\(|role\()/;

export class Sessions {
  #path;
  #poll;
  #stack = [0];
  /** The last session that is shown: buttons outlive the answer that they were made for. */
  #last = 0;
  #open = new Set();
  #summary = h('p.quiet');
  #pages = h('div.pages');
  #rows = new Rows(
    [
      { title: 'User' },
      { title: 'Replica' },
      { title: 'Connected', number: true },
      { title: 'Position', number: true },
      { title: 'On the way', number: true },
      { title: 'Scopes' },
    ],
    'Sessions',
    {
      key: ({ id }) => id,
      cells: (session) => this.#cells(session),
      mark: (session) => (problems(session).length > 0 ? 'marked' : ''),
    },
  );

  constructor(panel, path, report) {
    this.#path = path;
    panel.append(this.#summary, h('div.scroll', this.#rows.element), this.#pages);
    this.#poll = new Poll((signal) => this.#read(signal), 1000, report);
  }

  pause(paused) {
    this.#poll.pause(paused);
  }
  stop() {
    this.#poll.stop();
  }

  async #read(signal) {
    const answer = await ask(
      [...this.#path, 'sessions'],
      { after: this.#stack.at(-1), limit: PAGE, scopes: this.#open.size > 0 ? MANY : 40 },
      signal,
    );
    this.now = answer.now;
    this.#last = answer.sessions.at(-1)?.id ?? 0;
    const lagging = answer.sessions.filter((session) => problems(session).length > 0).length;
    show(
      this.#summary,
      !answer.open
        ? 'At rest: nobody is connected.'
        : answer.total === 0
          ? 'Nobody is connected.'
          : [
              `${plural(answer.total, 'session')}, the log is at seq ${count(answer.head)}`,
              lagging > 0 && [', ', h('b.warn', `${count(lagging)} to look at`)],
              '.',
            ],
    );
    this.#rows.update(answer.sessions);
    this.#rows.element.hidden = answer.sessions.length === 0;
    const isPaged = answer.has_more || this.#stack.length > 1;
    show(
      this.#pages,
      isPaged && [
        h(
          'button',
          { type: 'button', disabled: this.#stack.length === 1, onclick: () => (this.#stack.pop(), this.#poll.now()) },
          'Back',
        ),
        h(
          'button',
          {
            type: 'button',
            disabled: !answer.has_more,
            onclick: () => (this.#stack.push(this.#last), this.#poll.now()),
          },
          'On',
        ),
      ],
    );
  }

  #cells(session) {
    const { id, user, ready, roles, replica_id, connected_at, expires, position, lag, queued_bytes, waiting_commands } = session;
    if (!ready) return [[h('span.quiet', 'has not said hello')], [], [duration(this.now - connected_at)], [], [], []];
    return [
      [
        h('b', user),
        roles.map((role) => h('span.chip', role)),
        problems(session).map(([mark, text, title]) => h(`span.badge.${mark}`, { title }, text)),
      ],
      [h('code', { title: replica_id }, replica_id.slice(-8))],
      [
        h(
          'span',
          { title: `since ${exact(connected_at)}; its token ends at ${exact(expires)}` },
          duration(Math.floor((this.now - connected_at) / 1000) * 1000),
        ),
      ],
      [lag > 0 ? [count(position), h('div.quiet', `${count(lag)} behind`)] : 'head'],
      [
        queued_bytes < TOLD ? '–' : bytes(queued_bytes),
        waiting_commands > 0 && h('div.quiet', `${plural(waiting_commands, 'command')} waiting`),
      ],
      [this.#scopes(id, session)],
    ];
  }

  #scopes(id, { held, live, scanning, scopes }) {
    const isOpen = this.#open.has(id);
    const toggle = () => {
      this.#open[isOpen ? 'delete' : 'add'](id);
      this.#poll.now();
    };
    const shown = isOpen ? scopes : scopes.slice(0, FEW);
    return [
      h(
        'div.quiet',
        [`${count(held)} held`, `${count(live)} live`, scanning > 0 && `${count(scanning)} scanning`].filter(Boolean).join(', '),
      ),
      shown.map(({ name, state, position, lag, on_demand }) =>
        h(
          `span.chip.${state}`,
          { title: `${state}${on_demand ? ', on demand' : ''}${position === undefined ? '' : `, position ${count(position)}`}` },
          name,
          state === 'scanning' && h('i', ` scanning, ${count(lag)} behind`),
          state === 'unloaded' && h('i', ' not loaded'),
        ),
      ),
      held > FEW &&
        h(
          'button.link',
          { type: 'button', 'aria-expanded': String(isOpen), onclick: toggle },
          isOpen ? 'fewer' : `all ${count(held)}`,
        ),
      isOpen && scopes.length < held && h('span.quiet', `and ${count(held - scopes.length)} more`),
    ];
  }
}

/** What is worth a look. */
function problems({ ready, scopes, held, live, scanning, lag, credits, queued_bytes }) {
  if (!ready) return [];
  const found = [];
  if (held <= scopes.length && scopes.every(({ name }) => OWN.test(name)))
    found.push(['warn', 'no scope', 'He holds nothing but what everyone has by himself: no grant gives him more']);
  if (lag > 0) found.push(['warn', 'lags', `It is ${count(lag)} commands behind in a scope`]);
  if (live + scanning === 0) found.push(['warn', 'has no rows', 'It has not asked for the rows of any scope']);
  if (scanning > 0 && credits === 0) found.push(['warn', 'asks for nothing', 'It is scanning, and has not asked for more']);
  if (queued_bytes > 262_144) found.push(['warn', 'reads slowly', 'Much has been sent that it has not taken']);
  return found;
}
