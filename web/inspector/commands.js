// The commands of a workspace, newest first, as they come.
import { ask } from './api.js';
import { Details } from './details.js';
import { h, show } from './dom.js';
import { count, duration, exact, short, time } from './format.js';
import { Poll } from './poll.js';

const PAGE = 100;
const KEPT = 1000;
const OUTCOMES = { applied: 'ok', superseded: 'warn', rejected: 'bad' };
const COLUMNS = ['Seq', 'Handled', 'User', 'Command', 'Outcome', 'Data', 'Waited'];

export class Commands {
  #path;
  #rows = h('tbody');
  #head = -1;
  #lowest = Infinity;
  #note = h('p.quiet.note', { role: 'status' });
  #older = h('button', { type: 'button', onclick: () => this.#readOlder() }, 'Older ones');
  #table = h(
    'table.commands',
    h('caption.hidden', 'Commands, newest first'),
    h(
      'thead',
      h(
        'tr',
        COLUMNS.map((title) => h('th', { scope: 'col' }, title)),
      ),
    ),
    this.#rows,
  );
  #fields = {};
  #names = h('datalist', { id: 'names' });
  #poll;
  #details;
  #report;
  #selected;

  constructor(panel, path, report) {
    this.#path = path;
    this.#report = report;
    const side = h('aside.details', { hidden: true, 'aria-label': 'The command' });
    this.#details = new Details(side, path, report, () => this.#select(undefined));
    panel.append(
      this.#filters(),
      this.#names,
      h('div.split', h('div', h('div.scroll', this.#table), this.#note, h('div.pages', this.#older)), side),
    );
    this.#poll = new Poll((signal) => this.#readNewer(signal), 1000, report);
  }

  setNames(names) {
    show(
      this.#names,
      names.map((name) => h('option', { value: name })),
    );
  }
  pause(paused) {
    this.#poll.pause(paused);
  }
  stop() {
    this.#poll.stop();
    this.#details.stop();
  }

  /** What the address says: which command is looked at, and the filters. */
  go(seq, params) {
    let changed = false;
    for (const [name, field] of Object.entries(this.#fields)) {
      if (field.value === (params[name] ?? '')) continue;
      field.value = params[name] ?? '';
      changed = true;
    }
    if (changed) this.#begin();
    this.#selected = /^\d+$/.test(seq ?? '') ? Number(seq) : undefined;
    this.#mark();
    this.#details.open(this.#selected);
  }

  #filters() {
    const field = (name, title, attributes = {}) => {
      const input = h('input', {
        type: 'search',
        id: `filter-${name}`,
        autocomplete: 'off',
        spellcheck: 'false',
        oninput: () => this.#changed(),
        ...attributes,
      });
      this.#fields[name] = input;
      return h('label', { for: `filter-${name}` }, h('span', title), input);
    };
    const outcome = h(
      'select',
      { id: 'filter-outcome', onchange: () => this.#changed() },
      h('option', { value: '' }, 'any'),
      ['applied', 'superseded', 'rejected'].map((one) => h('option', { value: one }, one)),
    );
    this.#fields.outcome = outcome;
    return h(
      'form.filters',
      { 'aria-label': 'Which commands', onsubmit: (event) => event.preventDefault() },
      field('user', 'User'),
      field('name', 'Command', { list: 'names' }),
      h('label', { for: 'filter-outcome' }, h('span', 'Outcome'), outcome),
      field('entity', 'Entity'),
      field('text', 'Text in data'),
    );
  }

  #filter() {
    return Object.fromEntries(
      Object.entries(this.#fields)
        .map(([name, { value }]) => [name, value.trim()])
        .filter(([, value]) => value !== ''),
    );
  }

  #address(seq) {
    const query = new URLSearchParams(this.#filter());
    return `#/w/${this.#path[1]}/commands${seq === undefined ? '' : `/${seq}`}${query.size > 0 ? `?${query}` : ''}`;
  }

  #changed() {
    history.replaceState(null, '', this.#address(this.#selected));
    this.#begin();
  }

  #begin() {
    this.#head = -1;
    this.#lowest = Infinity;
    this.#poll?.now();
  }

  #select(seq) {
    location.hash = this.#address(seq);
  }

  #mark() {
    for (const row of this.#rows.children) row.toggleAttribute('aria-current', Number(row.dataset.seq) === this.#selected);
  }

  async #readNewer(signal) {
    const isFirst = this.#head < 0;
    const answer = await ask(
      [...this.#path, 'commands'],
      { ...this.#filter(), after: isFirst ? 0 : this.#head, limit: PAGE },
      signal,
    );
    const rows = answer.commands.map((command) => this.#row(command, answer.now));
    // More came than one page holds: the gap is not shown, what lies below it can be read again.
    if (isFirst || answer.reached > this.#head + 1) {
      this.#rows.replaceChildren(...rows);
      this.#lowest = answer.reached;
    } else {
      this.#rows.prepend(...rows);
      while (this.#rows.childElementCount > KEPT) {
        this.#rows.lastElementChild.remove();
        this.#lowest = Number(this.#rows.lastElementChild.dataset.seq);
      }
      if (!matchMedia('(prefers-reduced-motion: reduce)').matches) for (const row of rows) row.classList.add('new');
    }
    this.#head = answer.head;
    this.#tell();
  }

  /** A page of older ones; with filters that match little, that may be none of many that were looked at. */
  async #readOlder() {
    const lowest = this.#lowest;
    this.#older.disabled = true;
    try {
      const answer = await ask([...this.#path, 'commands'], { ...this.#filter(), before: lowest, limit: PAGE });
      if (this.#lowest !== lowest) return; // other filters are in force by now
      this.#rows.append(...answer.commands.map((command) => this.#row(command, answer.now)));
      this.#lowest = answer.reached;
    } catch (error) {
      this.#report(error);
    } finally {
      this.#older.disabled = false;
    }
    this.#tell();
  }

  #tell() {
    const shown = this.#rows.childElementCount;
    const isFiltered = Object.keys(this.#filter()).length > 0;
    const searched = isFiltered ? ` among those from seq ${count(this.#lowest)} on` : '';
    show(
      this.#note,
      shown === 0
        ? isFiltered
          ? `None matches${this.#lowest > 1 ? searched : ''}.`
          : 'The log is empty.'
        : `${count(shown)} shown${searched}${this.#lowest <= 1 ? ', all there are' : ''}.`,
    );
    this.#table.hidden = shown === 0;
    this.#older.hidden = this.#lowest <= 1;
    this.#mark();
  }

  #row(command, now) {
    const { seq, user_id, submitted_by, name, outcome, code, data, data_length } = command;
    const waited = command.server_handled_timestamp - command.server_received_timestamp;
    return h(
      'tr',
      { 'data-seq': seq, onclick: ({ target }) => target.closest('a') || getSelection().toString() || this.#select(seq) },
      h(
        'th.number',
        { scope: 'row' },
        h(
          'a',
          { href: `#/w/${this.#path[1]}/commands/${seq}`, onclick: (event) => (event.preventDefault(), this.#select(seq)) },
          count(seq),
        ),
      ),
      h('td.time', { title: exact(command.server_handled_timestamp) }, time(command.server_handled_timestamp, now)),
      h('td', user_id, submitted_by && h('span.quiet', ` by way of ${submitted_by}`)),
      h('td', h('code', name)),
      h('td', h(`span.badge.${OUTCOMES[outcome]}`, outcome), code && h('code.why', code)),
      h('td.data', { title: data_length > 240 ? `${count(data_length)} characters` : null }, short(data ?? '', 160)),
      h('td.number', duration(waited)),
    );
  }
}
