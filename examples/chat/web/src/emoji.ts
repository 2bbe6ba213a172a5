// Reactions are stored by name, so that they look the same wherever they come from.
export const EMOJI: [name: string, sign: string][] = [
  ['thumbsup', '👍'],
  ['thumbsdown', '👎'],
  ['heart', '❤️'],
  ['tada', '🎉'],
  ['joy', '😂'],
  ['smile', '😄'],
  ['thinking', '🤔'],
  ['open_mouth', '😮'],
  ['cry', '😢'],
  ['pray', '🙏'],
  ['clap', '👏'],
  ['wave', '👋'],
  ['eyes', '👀'],
  ['fire', '🔥'],
  ['rocket', '🚀'],
  ['white_check_mark', '✅'],
  ['x', '❌'],
  ['question', '❓'],
  ['100', '💯'],
  ['coffee', '☕'],
  ['sunny', '☀️'],
  ['umbrella', '☔'],
  ['anchor', '⚓'],
  ['sailboat', '⛵'],
];

const SIGNS = new Map([...EMOJI, ['+1', '👍'], ['-1', '👎']] as [string, string][]);

/** An emoji, or its name between colons where this page has no sign for it. */
export const signOf = (name: string) => SIGNS.get(name) ?? `:${name}:`;
export const nameOf = (name: string) => name.replaceAll('_', ' ');

interface Reaction {
  emoji: string;
  users: string[];
}

/** From the column: a set of `emoji user_id`. */
export function reactionsIn(column: string): Reaction[] {
  const by = new Map<string, string[]>();
  for (const entry of JSON.parse(column) as string[]) {
    const space = entry.indexOf(' ');
    const emoji = entry.slice(0, space);
    by.set(emoji, [...(by.get(emoji) ?? []), entry.slice(space + 1)]);
  }
  return [...by].map(([emoji, users]) => ({ emoji, users }));
}
