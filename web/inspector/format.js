// How numbers, times and values are written.

const whole = new Intl.NumberFormat('en');
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const count = (n) => whole.format(n);
export const rate = (n) => (n === null || n === undefined ? '–' : `${tenths.format(n)}/s`);
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let unit = -1;
  do {
    n /= 1024;
    ++unit;
  } while (n >= 1024 && unit < units.length - 1);
  return `${tenths.format(n)} ${units[unit]}`;
}

export function duration(ms) {
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < 1000) return `${ms} ms`;
  const s = ms / 1000;
  if (s < 60) return `${tenths.format(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

const two = (n, digits = 2) => String(n).padStart(digits, '0');

/** The time of the day, and the date if that is another day. */
export function time(ms, now = Date.now()) {
  const at = new Date(ms);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
  return new Date(now).toDateString() === at.toDateString() ? clock : `${day(at)} ${clock}`;
}
const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
export const exact = (ms) => new Date(ms).toISOString();

/** A value as JSON; integers beyond 2^53 came as bigints. */
export function json(value, indent = 0) {
  const text = JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `\u0000${v}` : v), indent);
  return text === undefined ? 'undefined' : text.replace(/"\\u0000(-?\d+)"/g, '$1');
}

export function short(text, most = 120) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
