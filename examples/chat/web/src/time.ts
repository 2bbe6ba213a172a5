// Times as people read them. Formats are made once: making one costs more than using it.
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const thisYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const otherYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

export const timeOf = (at: number) => clock.format(at);
export const fullTime = (at: number) => full.format(at);

/** Days that are the same number are the same day here. */
export const dayNumber = (at: number) => new Date(at).setHours(0, 0, 0, 0);

export function dayName(at: number, now = Date.now()): string {
  const days = Math.round((dayNumber(now) - dayNumber(at)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? thisYear : otherYear).format(at);
}

/** The time of today, the day of earlier. */
export function shortTime(at: number, now = Date.now()): string {
  return dayNumber(at) === dayNumber(now) ? clock.format(at) : short.format(at);
}
