/** What the inspector's panel is made of: elements, and how values are shown. */
import type { Row, SqlValue } from './index.js';

const MARKS: Record<string, string> = {
  applied: 'ok',
  live: 'ok',
  online: 'ok',
  rejected: 'bad',
  superseded: 'warn',
  pending: 'warn',
  loading: 'warn',
};

export type Child = Node | string | number | false | null | undefined | Child[];
type Attributes = Record<string, unknown>;

/** `h('p.note', { title: 'x', onclick: f }, 'text', child)` */
export function h(selector: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag!);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...nodes(children));
  return element;
}

function nodes(child: Child): (Node | string)[] {
  if (Array.isArray(child)) return child.flatMap(nodes);
  if (child === false || child === null || child === undefined) return [];
  return [child instanceof Node ? child : String(child)];
}

export const button = (text: string, onclick: () => void, more: Attributes = {}) =>
  h('button', { type: 'button', onclick, ...more }, text);
export const badge = (state: string) => h(`span.badge.${MARKS[state] ?? 'quiet'}`, {}, state);
export const failed = (error: unknown) =>
  h('p.bad', { role: 'alert' }, `${(error as { code?: string }).code ?? 'error'}: ${(error as Error).message}`);
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const json = (value: unknown, indent = 0) =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v), indent);
export const clock = (at: number) => new Date(at).toTimeString().slice(0, 8);

function cell(value: SqlValue): HTMLElement {
  if (value === null) return h('i', {}, 'NULL');
  const text =
    value instanceof Uint8Array
      ? `x'${[...value.slice(0, 40)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}'`
      : String(value);
  return h('span', { title: text.length > 200 && text }, text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

export function table(caption: string, columns: string[], rows: Child[][]): HTMLElement {
  return h(
    'div.scroll',
    { tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) => h('th', { scope: 'col' }, column)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((value) => h('td', {}, value)),
          ),
        ),
      ),
    ),
  );
}

export const resultTable = (caption: string, rows: Row[]) =>
  table(
    caption,
    Object.keys(rows[0]!),
    rows.map((row) => Object.values(row).map(cell)),
  );

/** Shows what `make` gives, and keeps the focus where it was if that is still there. */
export function fill(parent: HTMLElement, ...children: Child[]): void {
  const root = parent.getRootNode() as ShadowRoot;
  const key = (root.activeElement as HTMLElement | null)?.dataset['key'];
  parent.replaceChildren(...nodes(children));
  if (key) parent.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
