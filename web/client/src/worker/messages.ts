// What pages, workers and the leader among them say to each other. Plain data, which structured clone copies.
import type { Command, CommandState, Event, Executed, ReplicaStatus, Request, Rows, SqlRow } from '../core/core.js';
import type { ConnectionState } from './connection.js';

/** Counts up whenever these messages or the database's format change: the newest of all tabs leads. */
export const VERSION = 1;

/** Whoever holds this Web Lock has the database called `name`. */
export const lockOf = (name: string) => `wherry:${name}`;

export interface Config {
  /** ws://HOST/WORKSPACE, or nothing to work without a server. */
  url: string;
  /** Of the folder in the origin's private file system. */
  name: string;
  /** A power loss takes nothing that execute() has resolved for; without, the last moments may go. */
  durable: boolean;
  online: boolean;
  wasmUrl: string;
}

export interface Status extends ReplicaStatus {
  connection: ConnectionState;
  /** Why there is no connection. */
  error?: { code: string; message: string };
}

/** What a page can ask the leader for, and what it gets. */
export interface Methods {
  execute(requests: Request[]): Executed[];
  query(sql: string, params: SqlRow): Rows;
  watch(watch: number, sql: string, params: SqlRow): void;
  unwatch(watch: number): void;
  status(): Status;
  commands(): Command[];
  /** The state of these, so far as they are answered. */
  outcomes(ids: string[]): Outcome[];
  retry(id: string, as: string): Executed;
  dismiss(id: string | null): void;
  load(scope: string): void;
  unload(scope: string): void;
  connect(): void;
  disconnect(): void;
  dump(): string;
  exportFile(): Uint8Array;
}
export type Method = keyof Methods;

/** What became of a command. */
export interface Outcome {
  id: string;
  state: CommandState;
  code: string;
  message: string;
}

export interface Failure {
  code: string;
  message: string;
}

/** From a page, by way of its worker. `from` is the page. */
export interface Ask {
  type: 'ask';
  from: string;
  n: number;
  method: Method;
  args: unknown[];
}
export interface Answer {
  type: 'answer';
  to: string;
  n: number;
  result?: unknown;
  failure?: Failure;
}
/** To one page: a watched query has another result. */
export interface Changed extends Rows {
  type: 'changed';
  to: string;
  watch: number;
}
/** To all pages. */
export interface Told {
  type: 'told';
  event: Event;
}
export interface StatusIs {
  type: 'status';
  status: Status;
}
/** The leader says so when it begins, and when somebody asks. */
export interface Leads {
  type: 'leads';
  leader: string;
  version: number;
}
export interface WhoLeads {
  type: 'who leads';
  from: string;
  version: number;
}
/** To the own page: there is no leader that works, and will not be until this is mended. `open` asks may have been answered all the same. */
export interface Fails {
  type: 'fails';
  failure: Failure;
  open: number[];
}

export type ToLeader = Ask | WhoLeads;
export type FromLeader = Answer | Changed | Told | StatusIs | Leads;

/** Between a page and its own worker. */
export type ToWorker = { type: 'start'; page: string; config: Config } | Ask | { type: 'token'; token?: string; failure?: Failure } | { type: 'stop' };
export type FromWorker = FromLeader | Fails | { type: 'token?'; refused: boolean } | { type: 'stopped' };
