// Commands per second, and how long they waited, over the last minutes.
import { h, newId, svg } from './dom.js';
import { count, duration, plural } from './format.js';

const HEIGHT = 140;
const RATE = { top: 14, bottom: 74 };
const WAIT = { top: 90, bottom: 122 };
const LEFT = 44,
  RIGHT = 8;

export class Plot {
  #seconds = new Map();
  #until = 0;
  #from = 0;
  #span;
  #width = 0;
  #at = null;
  #title = newId('plot');
  #desc = newId('plot');
  #readout = h('p.readout', { 'aria-live': 'off' });
  #frame = h('div.plot');
  #resized = new ResizeObserver(([entry]) => {
    this.#width = Math.floor(entry.contentRect.width);
    this.#draw();
  });

  constructor(span) {
    this.#span = span;
    this.element = h(
      'figure',
      this.#frame,
      h(
        'figcaption',
        h('span.key.applied', 'applied'),
        h('span.key.superseded', 'superseded'),
        h('span.key.rejected', 'rejected'),
        h('span.key.p50', 'half waited less (p50)'),
        h('span.key.p99', 'all but one in a hundred (p99)'),
        this.#readout,
      ),
    );
    this.#frame.addEventListener('pointermove', ({ offsetX }) => this.#point(offsetX));
    this.#frame.addEventListener('pointerleave', () => this.#point(null));
    this.#resized.observe(this.#frame);
  }

  add({ from, until, seconds }) {
    for (const second of seconds) this.#seconds.set(second.at, second);
    if (this.#from === 0 || from > this.#until) this.#from = from;
    this.#until = Math.max(this.#until, until);
    for (const at of this.#seconds.keys()) if (at < this.#until - this.#span) this.#seconds.delete(at);
    this.#draw();
  }

  stop() {
    this.#resized.disconnect();
  }

  #point(x) {
    const second =
      x === null ? null : Math.round(this.#until - this.#span + ((x - LEFT) / (this.#width - LEFT - RIGHT)) * this.#span);
    if (second === this.#at) return;
    this.#at = second;
    this.#draw();
  }

  #draw() {
    if (this.#width < 100 || this.#until === 0) return;
    const all = [...this.#seconds.values()];
    const first = this.#until - this.#span;
    const x = (second) => LEFT + ((second - first) / this.#span) * (this.#width - LEFT - RIGHT);
    const bar = Math.max(1, (this.#width - LEFT - RIGHT) / this.#span - 0.5);
    const most = ceiling(Math.max(1, ...all.map(({ commands }) => commands)));
    const longest = ceiling(Math.max(1, ...all.map(({ p99_ms }) => p99_ms)));
    const rate = (n) => RATE.bottom - (n / most) * (RATE.bottom - RATE.top);
    const wait = (ms) => WAIT.bottom - (ms / longest) * (WAIT.bottom - WAIT.top);

    const bars = { applied: '', superseded: '', rejected: '' };
    for (const { at, commands, superseded, rejected } of all) {
      let y = 0;
      for (const [kind, n] of [
        ['rejected', rejected],
        ['superseded', superseded],
        ['applied', commands - superseded - rejected],
      ]) {
        if (n === 0) continue;
        bars[kind] += `M${x(at).toFixed(1)} ${rate(y).toFixed(1)}V${rate(y + n).toFixed(1)}`;
        y += n;
      }
    }
    const line = (value) =>
      pieces(all)
        .map((piece) => `M${piece.map((s) => `${(x(s.at) + bar / 2).toFixed(1)} ${wait(value(s)).toFixed(1)}`).join('L')}h.1`)
        .join('');
    const text = (at, y, content, anchor = 'end') => svg('text', { x: at, y, 'text-anchor': anchor }, content);
    const grid = (y) => svg('line.grid', { x1: LEFT, x2: this.#width - RIGHT, y1: y, y2: y });
    const path = (name, d) => svg(`path.${name}`, { d, 'stroke-width': name.startsWith('bar') ? bar : null });
    const pointed = this.#at !== null && this.#at >= first && this.#at < this.#until;
    this.#frame.replaceChildren(
      svg(
        'svg',
        { width: this.#width, height: HEIGHT, role: 'img', 'aria-labelledby': `${this.#title} ${this.#desc}` },
        svg('title', { id: this.#title }, 'Commands per second, and how long they waited for their turn'),
        svg('desc', { id: this.#desc }, this.#summary(all)),
        grid(RATE.top),
        grid(RATE.bottom),
        grid(WAIT.top),
        grid(WAIT.bottom),
        text(LEFT - 6, RATE.top + 4, `${count(most)}/s`),
        text(LEFT - 6, RATE.bottom + 3, '0'),
        text(LEFT - 6, WAIT.top + 4, duration(longest)),
        text(LEFT - 6, WAIT.bottom + 3, '0'),
        Array.from({ length: Math.floor(this.#span / 60) + 1 }, (_, i) =>
          this.#width > 420 || i % 2 === 0
            ? text(
                Math.min(x(this.#until - i * 60), this.#width - 2),
                HEIGHT - 2,
                i === 0 ? 'now' : `−${i} min`,
                i === 0 ? 'end' : i * 60 === this.#span ? 'start' : 'middle',
              )
            : null,
        ),
        path('bars-applied', bars.applied),
        path('bars-superseded', bars.superseded),
        path('bars-rejected', bars.rejected),
        path(
          'p99',
          line((s) => s.p99_ms),
        ),
        path(
          'p50',
          line((s) => s.p50_ms),
        ),
        this.#from > first + 1 &&
          svg(
            'rect.unknown',
            { x: LEFT, y: RATE.top, width: Math.max(0, x(this.#from) - LEFT), height: WAIT.bottom - RATE.top },
            svg('title', 'Too many commands to look at: these seconds are not known'),
          ),
        pointed && svg('line.pointer', { x1: x(this.#at) + bar / 2, x2: x(this.#at) + bar / 2, y1: RATE.top, y2: WAIT.bottom }),
      ),
    );
    this.#readout.textContent = pointed ? describe(this.#seconds.get(this.#at), this.#at) : '';
  }

  #summary(all) {
    const sum = (of) => all.reduce((total, second) => total + of(second), 0);
    if (all.length === 0) return 'No commands in the last five minutes.';
    const last = all.at(-1);
    return (
      `In the last five minutes ${plural(
        sum((s) => s.commands),
        'command',
      )}, of them ${count(sum((s) => s.rejected))} rejected and ` +
      `${count(sum((s) => s.superseded))} superseded; at most ${count(Math.max(...all.map((s) => s.commands)))} in a second. ` +
      `Most recently half of them waited less than ${duration(last.p50_ms)}, ` +
      `and ninety-nine in a hundred less than ${duration(last.p99_ms)}.`
    );
  }
}

function describe(second, at) {
  const time = new Date(at * 1000).toTimeString().slice(0, 8);
  if (!second) return `${time}: none`;
  const { commands, rejected, superseded, p50_ms, p99_ms } = second;
  const parts = [
    plural(commands, 'command'),
    rejected > 0 && `${rejected} rejected`,
    superseded > 0 && `${superseded} superseded`,
  ];
  return `${time}: ${parts.filter(Boolean).join(', ')}; p50 ${duration(p50_ms)}, p99 ${duration(p99_ms)}`;
}

/** Runs of seconds that follow each other. */
function pieces(all) {
  const sorted = all.sort((a, b) => a.at - b.at);
  const runs = [];
  for (const second of sorted) {
    if (runs.length > 0 && runs.at(-1).at(-1).at === second.at - 1) runs.at(-1).push(second);
    else runs.push([second]);
  }
  return runs;
}

/** The next of 1, 2, 3, 5, 10, 20, 30, 50, … */
function ceiling(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 3, 5, 10].map((step) => step * power).find((step) => step >= n);
}
