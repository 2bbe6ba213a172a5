// What codes and commands are called in plain words.

const WHY: Record<string, string> = {
  not_member: 'You are not a member of this channel.',
  not_author: 'Only its author may do that.',
  not_creator: 'Only the one who created the channel may do that.',
  not_yourself: 'Only that person may change the name.',
  thread_missing: 'The message that began this thread is gone.',
  emoji_invalid: 'That is no emoji.',
  entity_missing: 'It is not there any more, or you may not see it any more.',
  entity_exists: 'Something with the same name is there already.',
  entity_deleted: 'The message had been deleted.',
  entity_locked: 'The channel is locked.',
};

/** Why something was not done. */
export function why(code: string | null, message: string | null): string {
  return WHY[code ?? ''] ?? sentence(message ?? 'The server gave no reason.');
}

/** The same of an error that is thrown. */
export function whyNot(error: unknown): string {
  const { code, message } = error as Error & { code?: string };
  return why(code ?? null, message);
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? '' : '.');
}

const WHAT: Record<string, string> = {
  'message.post': 'message',
  'message.edit': 'edit',
  'message.delete': 'deletion',
  'message.move': 'move',
  'message.react': 'reaction',
  'message.unreact': 'reaction',
  'message.vote': 'vote',
  'channel.create': 'new channel',
  'channel.rename': 'new name',
  'channel.lock': 'lock',
  'channel.unlock': 'unlocking',
  'channel.add_member': 'invitation',
  'channel.remove_member': 'removal of a member',
  'user.register': 'name',
};

/** What the user did: "message", "edit", … */
export const what = (command: string) => WHAT[command] ?? command;

/** What to do about a database that does not open, or a connection that is refused. */
export function cure(code: string): string {
  switch (code) {
    case 'storage':
      return 'Leave private browsing, allow this site to keep data, or try a newer browser.';
    case 'version':
      return 'Reload this page, in all its tabs.';
    case 'busy':
      return 'Close other tabs with this chat, then try again.';
    case 'disk_full':
      return 'Make room on this device, then try again.';
    case 'unauthorized':
      return 'Sign in again.';
    case 'unavailable':
      return 'Try again in a while; what is on this device stays.';
    default:
      return 'Try again. If that does not help, sign out, remove the data of this device and sign in again.';
  }
}

/** What the key of shortcuts is called here. */
export const COMMAND_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
