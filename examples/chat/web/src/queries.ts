// The page's queries. Those that are watched run again after each change of their tables, so none reads more
// than a screen or two of messages.

export const UNREAD_MOST = 99;

export const USERS = 'SELECT id, name FROM users ORDER BY name';

/** The channels, with how much the user of this device has not read, of the newest messages of each. */
export const CHANNELS = `
SELECT c.id, c.name, c.private, c.created_by, c.locked_at,
       EXISTS (SELECT 1 FROM members WHERE channel_id = c.id AND user_id = wherry_user()) AS mine,
       (SELECT count(*) FROM members WHERE channel_id = c.id) AS members,
       coalesce(r.sent_at, 0) AS read_at,
       (SELECT count(*) FROM (SELECT m.author_id, m.deleted_at FROM messages AS m
                              WHERE m.channel_id = c.id AND m.sent_at > coalesce(r.sent_at, 0)
                              ORDER BY m.sent_at DESC LIMIT ${2 * UNREAD_MOST})
        WHERE author_id <> wherry_user() AND deleted_at IS NULL) AS unread
FROM channels AS c
LEFT JOIN (SELECT k.channel_id, m.sent_at FROM read_marks AS k JOIN messages AS m ON m.id = k.message_id
           WHERE k.user_id = wherry_user()) AS r ON r.channel_id = c.id
ORDER BY c.name COLLATE NOCASE, c.id`;

export const MEMBERS = 'SELECT user_id FROM members WHERE channel_id = ? ORDER BY user_id';

/** Whoever wrote the newest message, and which it is, for marks and announcements. */
export const NEWEST = `
SELECT id, author_id, body, sent_at FROM messages WHERE channel_id = ? ORDER BY sent_at DESC, id DESC LIMIT 1`;

export const DRAFT = 'SELECT body FROM drafts WHERE channel_id = ?';

/** Own commands that are under way or were turned down. */
export const OWN_COMMANDS = `
SELECT id, name, entity_id, state, code, message, client_timestamp AS at,
       CASE WHEN state <> 'pending' OR code IS NOT NULL THEN data END AS data
FROM wherry_commands WHERE state IN ('pending', 'rejected', 'superseded') AND dismissed = 0
ORDER BY n DESC LIMIT 500`;

const MESSAGE = `
m.id, m.channel_id, m.author_id, m.thread_id, m.body, m.sent_at, m.edited_at, m.deleted_at, m.reactions, m.votes,
(SELECT count(*) FROM messages AS r WHERE r.thread_id = m.id AND r.deleted_at IS NULL) AS replies,
(SELECT max(r.sent_at) FROM messages AS r WHERE r.thread_id = m.id AND r.deleted_at IS NULL) AS last_reply_at`;

export const MESSAGE_BY_ID = `SELECT ${MESSAGE} FROM messages AS m WHERE m.id = ?`;

/** The last message that the user himself wrote in a channel's main list, or in a thread. */
export const lastOwn = (list: string) => `
SELECT m.id FROM messages AS m WHERE ${list} AND m.author_id = wherry_user() AND m.deleted_at IS NULL
ORDER BY m.sent_at DESC, m.id DESC LIMIT 1`;

/** Which messages a list shows; its one parameter is the id of the channel or of the thread's first message. */
export const IN_CHANNEL = 'm.channel_id = ?1 AND m.thread_id IS NULL';
export const IN_THREAD = 'm.thread_id = ?1';

export const span = (list: string) => `
SELECT ${MESSAGE} FROM messages AS m
WHERE ${list} AND (m.sent_at, m.id) >= (?2, ?3) AND (m.sent_at, m.id) <= (?4, ?5) ORDER BY m.sent_at, m.id`;

/** The message that lies so many before, or after, another. */
export const before = (list: string) => `
SELECT m.sent_at, m.id FROM messages AS m WHERE ${list} AND (m.sent_at, m.id) < (?2, ?3)
ORDER BY m.sent_at DESC, m.id DESC LIMIT 1 OFFSET ?4`;
export const after = (list: string) => `
SELECT m.sent_at, m.id FROM messages AS m WHERE ${list} AND (m.sent_at, m.id) > (?2, ?3)
ORDER BY m.sent_at, m.id LIMIT 1 OFFSET ?4`;

/** Newest first: the index ends as soon as there are enough. Found words stand between \u0001 and \u0002. */
export const SEARCH = `
SELECT m.id, m.channel_id, m.thread_id, m.author_id, m.sent_at, c.name AS channel,
       snippet(messages_fts, 0, char(1), char(2), '…', 18) AS found
FROM messages_fts JOIN messages AS m ON m.rowid = messages_fts.rowid JOIN channels AS c ON c.id = m.channel_id
WHERE messages_fts MATCH ? AND m.deleted_at IS NULL ORDER BY messages_fts.rowid DESC LIMIT 40`;

export interface Found {
  id: string;
  channel_id: string;
  thread_id: string | null;
  author_id: string;
  sent_at: number;
  channel: string;
  found: string;
}

/** All words, the last one only begun perhaps, as the full-text index wants them; nothing when there are none. */
export function searchTerms(text: string): string | undefined {
  const words = text.match(/[\p{L}\p{N}]+/gu);
  return words?.map((word) => `"${word}"*`).join(' ');
}
