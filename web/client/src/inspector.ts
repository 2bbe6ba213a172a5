/**
 * A panel over an app's page that shows what its database holds and does: scopes, own commands, tables, SQL and events.
 * Plain DOM in a shadow root; its style is a constructed sheet, so it works under a strict content security policy.
 */
import type { AppTypes, Command, Events, Wherry } from './index.js';
import { badge, button, clock, failed, fill, h, json, quoted, resultTable, table, type Child } from './inspector_dom.js';
import { sheet } from './inspector_style.js';

export interface InspectorOptions {
  /** Where the panel is put; the default is the page's body. */
  parent?: Element;
  /** Called once the panel is gone, whoever closed it. */
  closed?: () => void;
}

export interface Inspector {
  readonly element: HTMLElement;
  close(): void;
}

const open = new WeakMap<Wherry, Inspector>();

/** Opens the panel, docked at the bottom. One that is open for this database already is returned. */
export function openInspector<App extends AppTypes>(database: Wherry<App>, options: InspectorOptions = {}): Inspector {
  const db = database as unknown as Wherry;
  const known = open.get(db);
  if (known) return known;
  const panel = new Panel(db, () => {
    open.delete(db);
    options.closed?.();
  });
  open.set(db, panel);
  (options.parent ?? document.body).append(panel.element);
  panel.begin();
  return panel;
}

const ROWS = 50;
const SQL_ROWS = 200;
const COMMANDS = 200;
const EVENTS = 300;
const EVENT_NAMES: (keyof Events)[] = [
  'status',
  'applied',
  'rejected',
  'superseded',
  'epoch',
  'identity',
  'salvaged',
  'progress',
  'error',
];

class Panel implements Inspector {
  readonly element = h('wherry-inspector');
  readonly #db: Wherry;
  readonly #gone: () => void;
  readonly #stops: (() => void)[] = [];
  readonly #events: { at: number; name: string; value: unknown }[] = [];
  readonly #tabs: Record<string, { title: string; body: HTMLElement; tab: HTMLElement; show(): void }> = {};
  #current = 'status';
  /** How many own commands are in which state; the status says so only when it changes for another reason. */
  #counts: Record<string, number> = {};
  #returnTo = document.activeElement as HTMLElement | null;

  constructor(db: Wherry, gone: () => void) {
    this.#db = db;
    this.#gone = gone;
    const root = this.element.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet()];
    this.#add('status', 'Status', (body) => this.#showStatus(body));
    this.#add('commands', 'Commands', (body) => void this.#showCommands(body));
    this.#add('tables', 'Tables', (body) => void this.#showTables(body));
    this.#add('sql', 'SQL', (body) => this.#showSql(body));
    this.#add('events', 'Events', (body) => this.#showEvents(body));
    const all = Object.values(this.#tabs);
    root.append(
      h(
        'section',
        {
          role: 'dialog',
          'aria-label': 'Wherry inspector',
          onkeydown: (event: KeyboardEvent) => event.key === 'Escape' && this.close(),
        },
        h(
          'header',
          {},
          h('b.brand', {}, 'Wherry'),
          h(
            'div.tabs',
            { role: 'tablist', 'aria-label': 'Inspector', onkeydown: (event: KeyboardEvent) => this.#arrow(event) },
            all.map(({ tab }) => tab),
          ),
          button('Close', () => this.close()),
        ),
        all.map(({ body }) => body),
      ),
    );
  }

  begin(): void {
    for (const name of EVENT_NAMES) this.#stops.push(this.#db.on(name, (value) => this.#happened(name, value)));
    this.#stops.push(
      this.#db.watch<{ state: string; count: number }>(
        'SELECT state, count(*) AS count, max(n) FROM wherry_commands WHERE dismissed = 0 GROUP BY state',
        [],
        (rows) => {
          this.#counts = Object.fromEntries(rows.map(({ state, count }) => [state, count]));
          this.#again('status', 'commands');
        },
      ),
    );
    this.#select('status', true);
  }

  close(): void {
    if (open.get(this.#db) !== this) return;
    for (const stop of this.#stops) stop();
    this.element.remove();
    this.#returnTo?.focus();
    this.#gone();
  }

  #add(name: string, title: string, show: (body: HTMLElement) => void): void {
    const tab = h(
      'button',
      { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': name, onclick: () => this.#select(name) },
      title,
    );
    const body = h('div.body', { role: 'tabpanel', id: name, 'aria-labelledby': `tab-${name}`, tabindex: 0, hidden: true });
    this.#tabs[name] = { title, tab, body, show: () => show(body) };
  }

  #select(name: string, focus = false): void {
    this.#current = name;
    for (const [one, { tab, body }] of Object.entries(this.#tabs)) {
      tab.setAttribute('aria-selected', String(one === name));
      tab.tabIndex = one === name ? 0 : -1;
      body.hidden = one !== name;
    }
    this.#tabs[name]!.show();
    if (focus) this.#tabs[name]!.tab.focus();
  }

  #arrow({ key }: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!by) return;
    const names = Object.keys(this.#tabs);
    this.#select(names[(names.indexOf(this.#current) + by + names.length) % names.length]!, true);
  }

  #again(...names: string[]): void {
    if (names.includes(this.#current)) this.#tabs[this.#current]!.show();
  }

  #happened(name: string, value: unknown): void {
    this.#events.push({ at: Date.now(), name, value });
    if (this.#events.length > EVENTS) this.#events.shift();
    this.#again('events', ...(name === 'status' ? ['status'] : ['commands']));
  }

  #showStatus(body: HTMLElement): void {
    const db = this.#db;
    const s = db.status;
    const isOff = s.connection === 'stopped';
    const entry = (title: string, ...value: Child[]) => [h('dt', {}, title), h('dd', {}, value)];
    const turn = (what: Promise<void>) => void what.catch((error) => body.append(failed(error)));
    fill(
      body,
      h(
        'dl',
        {},
        entry(
          'Connection',
          badge(s.connected ? 'online' : isOff ? 'offline' : s.connection),
          ' ',
          button(isOff ? 'Connect' : 'Go offline', () => turn(isOff ? db.connect() : db.disconnect()), { 'data-key': 'online' }),
        ),
        s.error && entry('Because', h('span.bad', {}, `${s.error.code}: ${s.error.message}`)),
        entry('In step', s.synced ? 'yes' : 'not yet'),
        entry('Position', s.position),
        entry(
          'Own commands',
          ['pending', 'rejected', 'superseded'].map((state) => `${this.#counts[state] ?? 0} ${state}`).join(', '),
        ),
        entry('User', `${s.userId} in ${s.workspace}`),
        entry('Replica', h('code', {}, s.replicaId)),
        entry('Epoch', h('code', {}, s.epoch)),
        entry('Schema', h('code', {}, s.schemaHash.slice(0, 16))),
      ),
      h('h2', {}, 'Scopes'),
      s.scopes.length === 0
        ? h('p.quiet', {}, 'None: nothing that this user may see has come yet.')
        : table(
            'Scopes',
            ['Scope', 'State', ''],
            s.scopes.map(({ name, state, onDemand, wanted }) => [
              h('code', {}, name),
              badge(state),
              onDemand &&
                button(wanted ? 'Unload' : 'Load', () => turn(wanted ? db.unload(name) : db.load(name)), {
                  'data-key': name,
                  'aria-label': `${wanted ? 'Unload' : 'Load'} ${name}`,
                }),
            ]),
          ),
    );
  }

  async #showCommands(body: HTMLElement): Promise<void> {
    const db = this.#db;
    let all: Command[];
    try {
      all = (await db.commands()).reverse();
    } catch (error) {
      return fill(body, failed(error));
    }
    const answered = all.filter(({ state }) => state === 'rejected' || state === 'superseded').length;
    const act = (what: Promise<unknown>) =>
      void what.then(
        () => this.#again('commands'),
        (error) => body.prepend(failed(error)),
      );
    const one = ({ id, name, params, entityId, state, code, message, lost, at, seq }: Command) =>
      h(
        'li',
        {},
        h(
          'div.row',
          {},
          badge(state),
          h('code', {}, name),
          h('span.quiet', { title: new Date(at).toISOString() }, clock(at), seq > 0 && `, seq ${seq}`),
          h(
            'span.acts',
            {},
            (state === 'rejected' || state === 'superseded') &&
              button('Retry', () => act(db.retry(id).saved), { 'data-key': `r${id}`, 'aria-label': `Retry ${name}` }),
            ' ',
            state !== 'pending' &&
              button('Dismiss', () => act(db.dismiss(id)), { 'data-key': `d${id}`, 'aria-label': `Dismiss ${name}` }),
          ),
        ),
        code &&
          h(
            'p',
            { class: state === 'pending' ? 'warn' : 'bad' },
            h('code', {}, code),
            ` ${message}`,
            state === 'pending' && ' (for now: it is still sent)',
          ),
        state === 'superseded' && Boolean(lost) && h('p.warn', {}, 'Others wrote later: ', h('code', {}, json(lost))),
        h(
          'details',
          {},
          h('summary', { 'data-key': id }, entityId ? `Parameters, about ${entityId}` : 'Parameters'),
          h('pre', {}, json(params, 2)),
        ),
      );
    const opened = new Set(
      [...body.querySelectorAll<HTMLElement>('details[open] > summary')].map((summary) => summary.dataset['key']),
    );
    fill(
      body,
      all.length === 0 && h('p.quiet', {}, 'No commands of this device are under way or wait to be looked at.'),
      answered > 1 &&
        h(
          'p',
          {},
          button('Dismiss all that are answered', () => act(db.dismiss()), { 'data-key': 'all' }),
        ),
      h('ol', {}, all.slice(0, COMMANDS).map(one)),
      all.length > COMMANDS && h('p.quiet', {}, `and ${all.length - COMMANDS} older ones`),
    );
    for (const summary of body.querySelectorAll<HTMLElement>('summary'))
      if (opened.has(summary.dataset['key'])) (summary.parentElement as HTMLDetailsElement).open = true;
  }

  async #showTables(body: HTMLElement): Promise<void> {
    if (body.childElementCount > 0) return;
    const content = h('div');
    try {
      const all = await this.#db.query<{ name: string; sql: string }>(
        `SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
         ORDER BY name LIKE 'wherry~_%' ESCAPE '~', name`,
      );
      if (body.childElementCount > 0) return;
      const choice = h(
        'select',
        { id: 'table', onchange: () => void this.#showTable(content, all[Number(choice.value)]!, 0) },
        all.map(({ name }, i) => h('option', { value: i }, name)),
      ) as HTMLSelectElement;
      fill(
        body,
        h(
          'p',
          {},
          h('label', { for: 'table' }, 'Table '),
          choice,
          ' ',
          button('Read again', () => choice.dispatchEvent(new Event('change'))),
        ),
        content,
      );
      if (all[0]) await this.#showTable(content, all[0], 0);
    } catch (error) {
      fill(body, failed(error));
    }
  }

  async #showTable(content: HTMLElement, { name, sql }: { name: string; sql: string }, from: number): Promise<void> {
    try {
      const [[total], rows] = await Promise.all([
        this.#db.query<{ n: number }>(`SELECT count(*) AS n FROM ${quoted(name)}`),
        this.#db.query(`SELECT * FROM ${quoted(name)} LIMIT ${ROWS} OFFSET ${from}`),
      ]);
      const count = total!.n;
      const turn = (by: number) => void this.#showTable(content, { name, sql }, from + by);
      fill(
        content,
        h('details', {}, h('summary', {}, 'Schema'), h('pre', {}, sql)),
        h(
          'p.row',
          {},
          h('span', { role: 'status' }, count === 0 ? 'No rows' : `Rows ${from + 1} to ${from + rows.length} of ${count}`),
          count > ROWS && [
            button('Back', () => turn(-ROWS), { disabled: from === 0, 'data-key': 'back' }),
            button('On', () => turn(ROWS), { disabled: from + ROWS >= count, 'data-key': 'on' }),
          ],
        ),
        rows.length > 0 && resultTable(`Rows of ${name}`, rows),
      );
    } catch (error) {
      fill(content, failed(error));
    }
  }

  #showSql(body: HTMLElement): void {
    if (body.childElementCount > 0) return;
    const text = h(
      'textarea',
      {
        id: 'query',
        rows: 3,
        spellcheck: 'false',
        'aria-describedby': 'hint',
        onkeydown: (event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run();
        },
      },
      'SELECT name, state FROM wherry_commands ORDER BY n DESC',
    ) as HTMLTextAreaElement;
    const result = h('div');
    const run = async () => {
      const began = performance.now();
      try {
        const rows = await this.#db.query(limited(text.value));
        const took = (performance.now() - began).toFixed(1);
        const shown = rows.slice(0, SQL_ROWS);
        const count =
          rows.length > SQL_ROWS ? `The first ${SQL_ROWS} rows` : `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
        fill(result, h('p', { role: 'status' }, `${count} in ${took} ms`), shown.length > 0 && resultTable('Result', shown));
      } catch (error) {
        fill(result, failed(error));
      }
    };
    fill(
      body,
      h('label', { for: 'query' }, 'A query; what writes is refused'),
      text,
      h(
        'p.row',
        {},
        button('Run', () => void run()),
        h('span.quiet', { id: 'hint' }, 'or Ctrl+Enter'),
      ),
      result,
    );
  }

  #showEvents(body: HTMLElement): void {
    fill(
      body,
      this.#events.length === 0
        ? h('p.quiet', {}, 'Nothing has happened since this was opened.')
        : h(
            'ol.log',
            {},
            [...this.#events]
              .reverse()
              .map(({ at, name, value }) =>
                h(
                  'li',
                  {},
                  h('time', {}, clock(at)),
                  ' ',
                  h('b', {}, name),
                  ' ',
                  h('code', {}, name === 'status' ? summary(value as Events['status']) : json(value)),
                ),
              ),
          ),
    );
  }
}

const summary = ({ connection, synced, pending, position }: Events['status']) =>
  `${connection}${synced ? ', in step' : ''}, ${pending} pending, position ${position}`;

/** A large result would have to be copied from the worker before it is cut. */
function limited(sql: string): string {
  const statement = sql.replace(/[;\s]+$/, '');
  return /^\s*(SELECT|WITH|VALUES)\b/i.test(statement) ? `SELECT * FROM (${statement}\n) LIMIT ${SQL_ROWS + 1}` : statement;
}
