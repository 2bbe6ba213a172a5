// The app `chat`, made from its bundle by `wherry generate typescript`. Do not edit it here.
import type { SqlValue } from '@wherry/client';

/**
 * Members add anyone; anyone adds himself to a public channel. Adding twice is harmless. The guard speaks
 * for access, so that a stranger gets the same answer whether or not the channel or the member exists.
 */
export interface ChannelAddMemberParams {
  channel_id: string;
  user_id: string;
}

/** Opens a channel; its author becomes its first member. */
export interface ChannelCreateParams {
  id: string;
  /** text(1..200) */
  name: string;
  /** default: false */
  private?: boolean;
}

/** Freezes the channel with its members and messages; only read marks go on. */
export interface ChannelLockParams {
  id: string;
}

/** Remembers, for the author alone, how far he has read; the later mark wins. */
export interface ChannelMarkReadParams {
  channel_id: string;
  message_id: string;
}

/** The creator or an admin who sees the channel removes anyone; anyone leaves. Removing twice is harmless. */
export interface ChannelRemoveMemberParams {
  channel_id: string;
  user_id: string;
}

export interface ChannelRenameParams {
  id: string;
  /** text(1..200) */
  name: string;
}

export interface ChannelUnlockParams {
  id: string;
}

/** Keeps what is being typed on this device; an empty body discards it. */
export interface DraftSaveParams {
  channel_id: string;
  /** text(0..40000) */
  body: string;
}

/** Blanks the body and leaves the empty message in its place, so that its thread stays together. */
export interface MessageDeleteParams {
  id: string;
}

export interface MessageEditParams {
  id: string;
  /** text(0..40000) */
  body: string;
}

/**
 * Moves a message to another channel, a thread's first message together with its replies. A reply that
 * moves alone leaves its thread; deleted replies stay behind.
 */
export interface MessageMoveParams {
  id: string;
  channel_id: string;
}

/**
 * Posts to a channel, or into the thread of a message there. An empty body is allowed: histories hold
 * messages that were only an attachment.
 */
export interface MessagePostParams {
  id: string;
  channel_id: string;
  /** text(0..40000) */
  body: string;
  thread_id?: string | null;
}

/** Adds the author's own reaction; the set holds `emoji user_id`. */
export interface MessageReactParams {
  id: string;
  /** text(1..100) */
  emoji: string;
}

/** Takes back the author's own reaction. */
export interface MessageUnreactParams {
  id: string;
  /** text(1..100) */
  emoji: string;
}

export interface MessageVoteParams {
  id: string;
  /** int(-1000..1000) */
  by: number;
}

/**
 * Gives a user a name. Anyone may introduce somebody who has none yet (a colleague, a bot); later only he
 * himself or an admin changes it. Saying the same name again is harmless.
 */
export interface UserRegisterParams {
  id: string;
  /** text(1..200) */
  name: string;
}

/** The parameters of each command. */
export interface Commands {
  'channel.add_member': ChannelAddMemberParams;
  'channel.create': ChannelCreateParams;
  'channel.lock': ChannelLockParams;
  'channel.mark_read': ChannelMarkReadParams;
  'channel.remove_member': ChannelRemoveMemberParams;
  'channel.rename': ChannelRenameParams;
  'channel.unlock': ChannelUnlockParams;
  'draft.save': DraftSaveParams;
  'message.delete': MessageDeleteParams;
  'message.edit': MessageEditParams;
  'message.move': MessageMoveParams;
  'message.post': MessagePostParams;
  'message.react': MessageReactParams;
  'message.unreact': MessageUnreactParams;
  'message.vote': MessageVoteParams;
  'user.register': UserRegisterParams;
}

/** The codes with which each command's own SQL rejects it. */
export interface Codes {
  'channel.add_member': 'not_member';
  'channel.create': never;
  'channel.lock': 'not_creator';
  'channel.mark_read': never;
  'channel.remove_member': 'not_creator';
  'channel.rename': 'not_creator';
  'channel.unlock': 'not_creator';
  'draft.save': never;
  'message.delete': 'not_author';
  'message.edit': 'not_author';
  'message.move': 'not_author' | 'not_member';
  'message.post': 'not_member' | 'thread_missing';
  'message.react': 'emoji_invalid' | 'not_member';
  'message.unreact': 'not_member';
  'message.vote': 'not_member';
  'user.register': 'not_yourself';
}

/** A row of the table `users`. */
export interface UsersRow {
  id: string;
  name: string;
}

/** A row of the table `channels`. */
export interface ChannelsRow {
  id: string;
  name: string;
  private: number;
  created_by: string;
  locked_at: number | null;
}

/** A row of the table `members`. */
export interface MembersRow {
  channel_id: string;
  user_id: string;
}

/** A row of the table `messages`. */
export interface MessagesRow {
  id: string;
  channel_id: string;
  author_id: string;
  thread_id: string | null;
  body: string;
  sent_at: number;
  edited_at: number | null;
  deleted_at: number | null;
  /** A set: the text of a JSON array. */
  reactions: string;
  /** A counter. */
  votes: number;
}

/** A row of the table `read_marks`. */
export interface ReadMarksRow {
  user_id: string;
  channel_id: string;
  message_id: string;
  read_at: number;
}

/** A row of the table `drafts`, which never leaves this device. */
export interface DraftsRow {
  channel_id: string;
  body: string;
  saved_at: number;
}

/** A row of the table `messages_fts`. */
export interface MessagesFtsRow {
  body: SqlValue;
}

/** A row of each table and view on a device. */
export interface Rows {
  users: UsersRow;
  channels: ChannelsRow;
  members: MembersRow;
  messages: MessagesRow;
  read_marks: ReadMarksRow;
  drafts: DraftsRow;
  messages_fts: MessagesFtsRow;
}

/** The scopes that are loaded on demand. */
export type OnDemandScope = never;

/** For `Wherry.open<App>(…)` and `useCommand<App>()`. */
export interface App {
  commands: Commands;
  scopes: OnDemandScope;
}
