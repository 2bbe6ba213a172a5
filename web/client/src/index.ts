/**
 * Wherry in the browser: a SQLite database of the rows that this user may see, kept in the browser's own files,
 * written by commands that apply at once and are sent to the server when there is one.
 */
import { CoreError, type Command, type CommandState, type Event, type Scope, type SqlRow, type SqlValue } from './core/core.js';
import { newId } from './ids.js';
import { lockOf } from './worker/messages.js';
import type {
  Answer,
  Config,
  Failure,
  FromWorker,
  Method,
  Methods,
  Outcome as Answered,
  Status,
  ToWorker,
} from './worker/messages.js';
import { removeFiles } from './worker/opfs.js';

export { newId } from './ids.js';
export { CoreError as WherryError } from './core/core.js';
export type { Command, CommandState, Scope, SqlValue } from './core/core.js';
export type { Status } from './worker/messages.js';
export type { ConnectionState } from './worker/connection.js';

export interface OpenOptions {
  /** wss://HOST/WORKSPACE; without it, the database is only here. */
  url?: string;
  /** What the app's own server gives this user, or a function that asks for it, called again when it runs out. */
  token?: string | ((why: { refused: boolean }) => string | Promise<string>);
  /** Databases of one origin have names. The default is made of host and workspace: give each user his own. */
  name?: string;
  /** false: a power loss may take the last moments, and execute() waits for no disk. */
  durable?: boolean;
  /** false: wait for connect(). */
  online?: boolean;
  /** Where the core is, if not beside this module. */
  wasmUrl?: string | URL;
  /** Makes the worker, if a bundler does not find it beside this module. */
  worker?: () => Worker;
}

/** What became of a command. */
export interface Outcome {
  id: string;
  state: Exclude<CommandState, 'pending'>;
  /** Why it was rejected: by the server, or already here, where it then was not queued. */
  code: string;
  message: string;
  refusedHere: boolean;
}

export interface Execution {
  id: string;
  /** Applied and on this device's disk. Throws a WherryError when it is refused here or cannot be written. */
  saved: Promise<void>;
  /** The server's answer, however long that takes. Throws only when the database is closed before. */
  outcome: Promise<Outcome>;
}

export type Row = Record<string, SqlValue>;
export type Params = Record<string, unknown>;

/** What TypeScript may know of an app; `wherry generate typescript` writes its `App`. */
export interface AppTypes {
  /** The parameters of each command, by its name. */
  commands: object;
  /** The names of scopes that are loaded on demand. */
  scopes: string;
}
/** Any app: commands and scopes of any name. */
export interface AnyApp {
  commands: Record<string, Params>;
  scopes: string;
}
export type CommandName<App extends AppTypes> = keyof App['commands'] & string;
/** What follows the name of a command: its parameters may be left out if none of them must be given. */
export type Arguments<P> = {} extends P ? [params?: P, options?: ExecuteOptions] : [params: P, options?: ExecuteOptions];
/** One of many commands for `executeAll`. */
export type Call<App extends AppTypes> = {
  [N in CommandName<App>]: { name: N; id?: string } & ({} extends App['commands'][N]
    ? { params?: App['commands'][N] }
    : { params: App['commands'][N] });
}[CommandName<App>];

export interface ExecuteOptions {
  /** A UUID, if the app has made one already: a command with an id that is known is not executed again. */
  id?: string;
}

/** What `on` tells of. */
export interface Events {
  status: Status;
  /** A command was rejected: its effect is gone, the list of commands has its text. */
  rejected: Outcome;
  /** Others had written later: some cells did not take effect. */
  superseded: Outcome;
  applied: Outcome;
  /** The server was restored from a backup; commands that it had forgotten are offered again. */
  epoch: { message: string };
  /** This database was copied or restored, and has a new identity. */
  identity: { message: string };
  /** It was damaged, and begun anew. */
  salvaged: { message: string };
  progress: { what: string; done: number; total: number };
  error: { code: string; message: string };
}

/** How long a worker may take to let go of a database that was just closed. */
const CLOSES_MS = 3000;
const CLOSED = () => new CoreError('unavailable', 'the database is closed');

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}
interface Watch {
  sql: string;
  params: SqlRow;
  changed(rows: Row[]): void;
  failed(error: Error): void;
}

/** `Wherry<App>` knows the app's commands; without `App` it takes any. */
export class Wherry<App extends AppTypes = AnyApp> {
  readonly #worker: Worker;
  readonly #page = newId();
  readonly #token: OpenOptions['token'];
  readonly #waiting = new Map<number, Waiting>();
  /** By command; who gives an id twice waits twice. */
  readonly #outcomes = new Map<string, Set<{ resolve(outcome: Outcome): void; reject(error: Error): void }>>();
  /** Told before anybody could listen. */
  readonly #early: Event[] = [];
  readonly #watches = new Map<number, Watch>();
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();
  #lastNumber = 0;
  #status!: Status;
  #closed = false;
  #opened: Waiting | undefined;

  private constructor(options: OpenOptions) {
    this.#token = options.token;
    this.#worker = options.worker?.() ?? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'wherry' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#heard(data);
    // What cannot be loaded has no message.
    this.#worker.onerror = ({ message }) =>
      this.#fails({ code: 'internal', message: `the worker failed: ${message || 'its script cannot be loaded'}` });
    const config: Config = {
      url: options.url ?? '',
      name: options.name ?? defaultName(options.url),
      durable: options.durable ?? true,
      online: options.online ?? true,
      wasmUrl: new URL(options.wasmUrl ?? new URL('./core.wasm', import.meta.url), globalThis.location?.href).href,
    };
    this.#post({ type: 'start', page: this.#page, config });
  }

  static async open<App extends AppTypes = AnyApp>(options: OpenOptions = {}): Promise<Wherry<App>> {
    const db = new Wherry<App>(options);
    try {
      await new Promise((resolve, reject) => (db.#opened = { resolve, reject }));
      db.#status = await db.#ask('status');
      setTimeout(() => db.#early.splice(0).forEach((event) => db.#told(event)));
      return db;
    } catch (error) {
      db.close();
      throw error;
    } finally {
      db.#opened = undefined;
    }
  }

  /** Takes a database and all that was not sent off this device. Throws `busy` while a tab has it open. */
  static async remove(name: string): Promise<void> {
    const options = { signal: AbortSignal.timeout(CLOSES_MS) };
    try {
      await navigator.locks.request(lockOf(name), options, () => removeFiles(name));
    } catch (error) {
      if ((error as Error).name !== 'TimeoutError') throw error;
      throw new CoreError('busy', `the database ${name} is open in another tab`);
    }
  }

  /** Runs a command of the app's bundle: at once here, then on the server. */
  execute<N extends CommandName<App>>(name: N, ...[params, options]: Arguments<App['commands'][N]>): Execution {
    return this.#executeAll([{ name, params, id: options?.id }])[0]!;
  }

  /** Many commands in one transaction, as quick as one. */
  executeAll(commands: Call<App>[]): Execution[] {
    return this.#executeAll(commands);
  }

  /** Reads; anything else is refused. */
  async query<R = Row>(sql: string, params: SqlValue[] = []): Promise<R[]> {
    const { columns, rows } = await this.#ask('query', sql, params);
    return objects(columns, rows) as R[];
  }

  /** Calls back with the result, and again after every change of it. Returns how to end that. */
  watch<R = Row>(sql: string, params: SqlValue[], changed: (rows: R[]) => void, failed: (error: Error) => void = () => {}): () => void {
    const number = ++this.#lastNumber;
    this.#watches.set(number, { sql, params, changed: changed as (rows: Row[]) => void, failed });
    this.#ask('watch', number, sql, params).catch((error: Error) => {
      this.#watches.delete(number);
      failed(error);
    });
    return () => {
      if (this.#watches.delete(number)) this.#ask('unwatch', number).catch(() => {});
    };
  }

  /** As last told; `on('status', …)` says when it changes. */
  get status(): Status {
    return this.#status;
  }

  get scopes(): Scope[] {
    return this.#status.scopes;
  }

  /** The list of own commands: those under way, and what became of the others, until they are dismissed. */
  commands(): Promise<Command[]> {
    return this.#ask('commands');
  }

  /** Issues a rejected or superseded command once more, as a new one. */
  retry(id: string): Execution {
    const as = newId();
    return this.#executes(as, this.#ask('retry', id, as));
  }

  /** Takes an answered command off the list, or all of them. */
  dismiss(id?: string): Promise<void> {
    return this.#ask('dismiss', id ?? null);
  }

  /** Of scopes that are loaded on demand: asks for its rows from now on, or drops them. */
  load(scope: App['scopes']): Promise<void> {
    return this.#ask('load', scope);
  }
  unload(scope: App['scopes']): Promise<void> {
    return this.#ask('unload', scope);
  }

  connect(): Promise<void> {
    return this.#ask('connect');
  }
  disconnect(): Promise<void> {
    return this.#ask('disconnect');
  }

  /** The database as a SQLite file. */
  export(): Promise<Uint8Array> {
    return this.#ask('exportFile');
  }

  /** All confirmed rows as lines of text, for comparing databases. */
  dump(): Promise<string> {
    return this.#ask('dump');
  }

  on<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): () => void {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all);
    all.add(listener as (event: never) => void);
    return () => all.delete(listener as (event: never) => void);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#post({ type: 'stop' });
    for (const waiting of [...this.#waiting.values(), ...[...this.#outcomes.values()].flatMap((all) => [...all])]) waiting.reject(CLOSED());
    this.#waiting.clear();
    this.#outcomes.clear();
    this.#watches.clear();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #ask<M extends Method>(method: M, ...args: Parameters<Methods[M]>): Promise<ReturnType<Methods[M]>> {
    if (this.#closed) return Promise.reject(CLOSED());
    const n = ++this.#lastNumber;
    this.#post({ type: 'ask', from: this.#page, n, method, args });
    return new Promise((resolve, reject) => this.#waiting.set(n, { resolve: resolve as (result: unknown) => void, reject }));
  }

  #executeAll(commands: { name: string; params?: unknown; id?: string | undefined }[]): Execution[] {
    const requests = commands.map(({ name, params, id }) => ({ name, params: JSON.stringify(params ?? {}), id: id ?? newId() }));
    const all = this.#ask('execute', requests);
    const executions = requests.map(({ id }, i) => this.#executes(id, all.then((executed) => executed[i]!)));
    // A command that is known is not executed again, and may have its answer already.
    if (commands.some(({ id }) => id !== undefined)) all.then(() => this.#askOutcomes()).catch(() => {});
    return executions;
  }

  #executes(id: string, executed: Promise<{ refusal?: Failure }>): Execution {
    const waiting = this.#outcomes.get(id) ?? new Set();
    this.#outcomes.set(id, waiting);
    let settle!: { resolve(outcome: Outcome): void; reject(error: Error): void };
    const outcome = new Promise<Outcome>((resolve, reject) => waiting.add((settle = { resolve, reject })));
    const saved = executed.then(
      ({ refusal }) => {
        if (!refusal) return;
        this.#outcome({ id, state: 'rejected', ...refusal, refusedHere: true });
        throw new CoreError(refusal.code, refusal.message);
      },
      (error: Error) => {
        waiting.delete(settle);
        settle.reject(error);
        throw error;
      },
    );
    // Whoever wants to know looks; nobody must.
    saved.catch(() => {});
    outcome.catch(() => {});
    return { id, saved, outcome };
  }

  #outcome(outcome: Outcome): void {
    for (const { resolve } of this.#outcomes.get(outcome.id) ?? []) resolve(outcome);
    this.#outcomes.delete(outcome.id);
  }

  #heard(message: FromWorker): void {
    switch (message.type) {
      case 'answer':
        return this.#answered(message);
      case 'changed':
        return this.#watches.get(message.watch)?.changed(objects(message.columns, message.rows));
      case 'told':
        return this.#opened ? void this.#early.push(message.event) : this.#told(message.event);
      case 'status':
        this.#status = message.status;
        return this.#tell('status', message.status);
      case 'leads':
        this.#opened?.resolve(undefined);
        return void this.#askOutcomes();
      case 'fails':
        return this.#fails(message.failure, message.open);
      case 'token?':
        return void this.#giveToken(message.refused);
      case 'stopped':
        return this.#worker.terminate();
    }
  }

  #answered({ n, result, failure }: Answer): void {
    const waiting = this.#waiting.get(n);
    this.#waiting.delete(n);
    if (failure) waiting?.reject(new CoreError(failure.code, failure.message));
    else waiting?.resolve(result);
  }

  #told(event: Event): void {
    const { kind, id, state, code, detail, done, total } = event;
    switch (kind) {
      case 'answered': {
        if (state === 'pending') return;
        const outcome: Outcome = { id, state, code, message: detail, refusedHere: false };
        this.#outcome(outcome);
        return this.#tell(state, outcome);
      }
      case 'progress':
        return this.#tell('progress', { what: detail, done, total });
      case 'error':
        return this.#tell('error', { code, message: detail });
      case 'epoch':
      case 'identity':
      case 'salvaged':
        return this.#tell(kind, { message: detail });
    }
  }

  #tell<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (event: Events[E]) => void)(value);
  }

  /** What was answered while there was no leader to say so. */
  async #askOutcomes(): Promise<void> {
    if (this.#outcomes.size === 0) return;
    const known: Answered[] = await this.#ask('outcomes', [...this.#outcomes.keys()]).catch(() => []);
    for (const { id, state, code, message } of known)
      if (state !== 'pending') this.#outcome({ id, state, code, message, refusedHere: false });
  }

  #fails(failure: Failure, open: number[] = []): void {
    const error = new CoreError(failure.code, failure.message);
    if (this.#opened) return this.#opened.reject(error);
    for (const [n, waiting] of this.#waiting) {
      if (open.includes(n)) continue;
      waiting.reject(error);
      this.#waiting.delete(n);
    }
    this.#tell('error', failure);
  }

  async #giveToken(refused: boolean): Promise<void> {
    try {
      const token = typeof this.#token === 'function' ? await this.#token({ refused }) : (this.#token ?? '');
      this.#post({ type: 'token', token });
    } catch (error) {
      this.#post({ type: 'token', failure: { code: 'unauthorized', message: (error as Error).message } });
    }
  }
}

function objects(columns: string[], rows: SqlRow[]): Row[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]!])));
}

/** What may be in the name of a folder, made of host and workspace. */
function defaultName(url: string | undefined): string {
  if (!url) return 'local';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`.replace(/[^A-Za-z0-9._-]+/g, '-');
}
