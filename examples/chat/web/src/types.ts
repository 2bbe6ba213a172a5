// The rows of the chat's tables, as the queries of this page read them, and its own commands.
import type { ChannelsRow, MessagesRow, UsersRow } from './bundle.js';

export type User = UsersRow;

export interface Channel extends ChannelsRow {
  /** Whether the user of this page belongs to it. */
  mine: 0 | 1;
  members: number;
  /** Exact up to UNREAD_MOST. */
  unread: number;
  /** When the last message that he has read was sent. */
  read_at: number;
}

/** A channel, as far as its messages need to know it. */
export interface Room {
  id: string;
  isLocked: boolean;
  isMine: boolean;
}

export interface Message extends MessagesRow {
  replies: number;
  last_reply_at: number | null;
}

/** Something the user did which the server has not confirmed, or has turned down. */
export interface OwnCommand {
  id: string;
  name: string;
  entity_id: string | null;
  state: 'pending' | 'rejected' | 'superseded';
  /** Why; a pending one may have no effect for now, and say why, too. */
  code: string | null;
  message: string | null;
  at: number;
  /** What was asked, of those that are shown: JSON. */
  data: string | null;
}

/** What commands.sql of message.post and its like take. */
export interface CommandData {
  id?: string;
  channel_id?: string;
  user_id?: string;
  thread_id?: string;
  body?: string;
  name?: string;
  emoji?: string;
  by?: number;
}
