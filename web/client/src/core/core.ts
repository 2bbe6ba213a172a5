// The replica's core, called from JavaScript: the other side of src/wasm/face.h, whose numbers and arrays must
// agree with these.
import { MemoryFiles, type Files } from './files.js';
import { makeHost } from './host.js';
import { decode, Writer, type Value } from './msgpack.js';

/** What there is to ask for after a call. */
export const HAS_OUTGOING = 1;
export const HAS_NEWS = 2;
export const HAS_LITTLE_WORK = 4;
export const HAS_MUCH_WORK = 8;

export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = SqlValue[];

export interface Executed {
  id: string;
  refusal?: { code: string; message: string };
}
export interface Request {
  name: string;
  /** JSON. */
  params: string;
  id?: string;
}
export interface Rows {
  columns: string[];
  rows: SqlRow[];
}
export type CommandState = 'pending' | 'applied' | 'superseded' | 'rejected';
export interface Command {
  id: string;
  name: string;
  params: unknown;
  entityId: string;
  state: CommandState;
  /** Why it was rejected, or is refused for now while it is pending. */
  code: string;
  message: string;
  /** Of a superseded command, the cells that others had written later. */
  lost: unknown;
  retryOf: string;
  at: number;
  seq: number;
}
export interface Scope {
  name: string;
  onDemand: boolean;
  wanted: boolean;
  state: 'unloaded' | 'loading' | 'live';
}
export interface ReplicaStatus {
  workspace: string;
  userId: string;
  replicaId: string;
  epoch: string;
  schemaHash: string;
  pending: number;
  rejected: number;
  superseded: number;
  connected: boolean;
  synced: boolean;
  position: number;
  scopes: Scope[];
}
export interface Event {
  kind: 'answered' | 'status' | 'epoch' | 'identity' | 'salvaged' | 'progress' | 'error';
  id: string;
  state: CommandState;
  code: string;
  detail: string;
  done: number;
  total: number;
}
export interface Change extends Rows {
  watch: number;
}
export interface Bye {
  code: string;
  message: string;
  /** 0: at once; negative: not without a change on this side. */
  retryAfterMs: number;
}
export interface News {
  events: Event[];
  changes: Change[];
  bye?: Bye;
}

export class CoreError extends Error {
  override name = 'WherryError';
  constructor(
    /** Stable: io, full, corrupt, invalid, sql, … */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  wherry_alloc(size: number): number;
  wherry_call(what: number, request: number, length: number): number;
  wherry_reply_size(): number;
  wherry_flags(): number;
}

enum Call {
  Open,
  Close,
  Execute,
  Query,
  Watch,
  Unwatch,
  Status,
  Commands,
  Retry,
  Dismiss,
  Load,
  Unload,
  Connected,
  Disconnected,
  Receive,
  Outgoing,
  News,
  Work,
  Checkpoint,
  Dump,
}

const KINDS = ['answered', 'status', 'epoch', 'identity', 'salvaged', 'progress', 'error'] as const;
const SCOPE_STATES = ['unloaded', 'loading', 'live'] as const;

export class Core {
  readonly #exports: Exports;
  readonly #files: Files;
  readonly #writer = new Writer();
  #bytes: Uint8Array;

  private constructor(exports: Exports, files: Files) {
    this.#exports = exports;
    this.#files = files;
    this.#bytes = new Uint8Array(exports.memory.buffer);
  }

  static async load(module: WebAssembly.Module, files: Files): Promise<Core> {
    const host = makeHost(files, new MemoryFiles());
    const instance = await WebAssembly.instantiate(module, host.imports);
    const exports = instance.exports as unknown as Exports;
    host.attach(exports.memory);
    exports._initialize();
    return new Core(exports, files);
  }

  /** Opens the database; a damaged one is begun anew, and keeps what can be read of its list of commands. */
  async open(path: string, options: { durable: boolean }): Promise<{ commands: number; complete: boolean } | null> {
    await this.#files.open(['', '-wal', '-journal', '-suspect', '-salvage'].map((part) => path + part));
    for (;;) {
      this.#files.missing.clear();
      try {
        const salvaged = this.#call(Call.Open, path, options.durable, true) as [number, boolean] | null;
        return salvaged && { commands: salvaged[0], complete: salvaged[1] };
      } catch (error) {
        if (this.#files.missing.size === 0) throw error;
        await this.#files.open(this.#files.missing);
      }
    }
  }

  close(): void {
    this.#call(Call.Close);
    this.#files.close();
  }

  execute(requests: Request[]): Executed[] {
    const made = this.#call(
      Call.Execute,
      requests.map((request) => [request.name, request.params, request.id ?? null]),
    ) as Value[][];
    return made.map(executed);
  }

  query(sql: string, params: SqlRow = []): Rows {
    const [columns, rows] = this.#call(Call.Query, sql, params) as [string[], SqlRow[]];
    return { columns, rows };
  }

  watch(sql: string, params: SqlRow = []): number {
    return this.#call(Call.Watch, sql, params) as number;
  }

  unwatch(watch: number): void {
    this.#call(Call.Unwatch, watch);
  }

  status(): ReplicaStatus {
    const [workspace, userId, replicaId, epoch, schemaHash, pending, rejected, superseded, connected, synced, position, scopes] =
      this.#call(Call.Status) as [string, string, string, string, string, number, number, number, boolean, boolean, number, Value[][]];
    return {
      workspace,
      userId,
      replicaId,
      epoch,
      schemaHash,
      pending,
      rejected,
      superseded,
      connected,
      synced,
      position,
      scopes: scopes.map(([name, onDemand, wanted, state]) => ({
        name: name as string,
        onDemand: onDemand as boolean,
        wanted: wanted as boolean,
        state: SCOPE_STATES[state as number]!,
      })),
    };
  }

  commands(): Command[] {
    const list = this.#call(Call.Commands) as Value[][];
    return list.map(([id, name, data, entityId, state, code, message, lost, retryOf, at, seq]) => ({
      id: id as string,
      name: name as string,
      params: JSON.parse(data as string),
      entityId: entityId as string,
      state: state as CommandState,
      code: code as string,
      message: message as string,
      lost: lost === '' ? null : JSON.parse(lost as string),
      retryOf: retryOf as string,
      at: at as number,
      seq: seq as number,
    }));
  }

  /** Issues the data of a rejected or superseded command again, as a new command `as`. */
  retry(id: string, as: string): Executed {
    return executed(this.#call(Call.Retry, id, as) as Value[]);
  }

  dismiss(id: string | null): void {
    this.#call(Call.Dismiss, id);
  }

  load(scope: string): void {
    this.#call(Call.Load, scope);
  }

  unload(scope: string): void {
    this.#call(Call.Unload, scope);
  }

  connected(token: string): void {
    this.#call(Call.Connected, token);
  }

  disconnected(): void {
    this.#call(Call.Disconnected);
  }

  receive(message: Uint8Array): void {
    this.#send(Call.Receive, message);
  }

  outgoing(): Uint8Array[] {
    return this.#call(Call.Outgoing) as Uint8Array[];
  }

  news(): News {
    const [events, changes, bye] = this.#call(Call.News) as [Value[][], Value[][], Value[] | null];
    const news: News = {
      events: events.map(([kind, id, state, code, detail, done, total]) => ({
        kind: KINDS[kind as number]!,
        id: id as string,
        state: state as CommandState,
        code: code as string,
        detail: detail as string,
        done: done as number,
        total: total as number,
      })),
      changes: changes.map(([watch, columns, rows]) => ({
        watch: watch as number,
        columns: columns as string[],
        rows: rows as SqlRow[],
      })),
    };
    if (bye) news.bye = { code: bye[0] as string, message: bye[1] as string, retryAfterMs: bye[2] as number };
    return news;
  }

  /** A slice of what can wait: HAS_LITTLE_WORK in a second, HAS_MUCH_WORK soon. */
  work(): void {
    this.#call(Call.Work);
  }

  checkpoint(): void {
    this.#call(Call.Checkpoint);
  }

  /** The canonical dump of the confirmed rows. */
  dump(): string {
    return this.#call(Call.Dump) as string;
  }

  flags(): number {
    return this.#exports.wherry_flags();
  }

  #call(what: Call, ...request: Value[]): Value {
    const writer = this.#writer.begin();
    for (const one of request) writer.value(one);
    return this.#send(what, writer.finish());
  }

  #send(what: Call, request: Uint8Array): Value {
    const at = this.#exports.wherry_alloc(request.length);
    if (at === 0 && request.length > 0) throw new CoreError('internal', 'there is no memory left');
    this.#memory().set(request, at);
    const reply = this.#exports.wherry_call(what, at, request.length);
    const [code, result] = decode(
      this.#memory().subarray(reply, reply + this.#exports.wherry_reply_size()),
    ) as [string | null, Value];
    if (code !== null) throw new CoreError(code, result as string);
    return result;
  }

  #memory(): Uint8Array {
    if (this.#bytes.buffer !== this.#exports.memory.buffer)
      this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    return this.#bytes;
  }
}

function executed([id, code, message]: Value[]): Executed {
  if (code === null) return { id: id as string };
  return { id: id as string, refusal: { code: code as string, message: message as string } };
}
