// Tables whose rows stay the same elements while what is in them changes: the focus and a selection survive.
import { h, show } from './dom.js';

export class Rows {
  #known = new Map();

  /** `cells(item)` gives what each cell holds, as lists of children. */
  constructor(columns, caption, { key, cells, mark = () => '' }) {
    this.key = key;
    this.cells = cells;
    this.mark = mark;
    this.columns = columns;
    this.body = h('tbody', { role: 'rowgroup' });
    this.element = h(
      'table.cards',
      { role: 'table' }, // said, since on narrow screens it is not laid out as one
      h('caption.hidden', caption),
      h(
        'thead',
        h(
          'tr',
          columns.map(({ title, number }) => h(number ? 'th.number' : 'th', { scope: 'col' }, title)),
        ),
      ),
      this.body,
    );
  }

  update(items) {
    const gone = new Set(this.#known.keys());
    let before = this.body.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      gone.delete(key);
      let row = this.#known.get(key);
      if (!row)
        this.#known.set(
          key,
          (row = h(
            'tr',
            { role: 'row' },
            this.columns.map(({ number, title }) => h(number ? 'td.number' : 'td', { role: 'cell', 'data-title': title })),
          )),
        );
      row.className = this.mark(item);
      this.cells(item).forEach((children, i) => show(row.children[i], children));
      if (row === before) before = row.nextElementSibling;
      else this.body.insertBefore(row, before);
    }
    for (const key of gone) {
      this.#known.get(key).remove();
      this.#known.delete(key);
    }
  }
}
