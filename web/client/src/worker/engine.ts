// The leader's part: the one core, its files and its socket. Every call into the core ends with settle(), which
// passes on what the core has to say: messages to the socket, events and results to the pages.
import { Core, CoreError, HAS_LITTLE_WORK, HAS_MUCH_WORK, HAS_NEWS, HAS_OUTGOING, type Bye, type SqlRow } from '../core/core.js';
import { Connection, type ConnectionState } from './connection.js';
import type { Answer, Ask, Changed, Config, Failure, FromLeader, Methods, Outcome, Status } from './messages.js';
import { OpfsFiles } from './opfs.js';

const DATABASE = 'replica.db';
/** Commands were sent, and nothing came: the connection is given up. Browsers show no pings. */
const SILENCE_MS = 30_000;
/** How often is looked whether the file is still there. */
const LOOK_MS = 3000;

export interface EngineEvents {
  say(message: FromLeader): void;
  token(refused: boolean): Promise<string>;
  /** The files are gone: nothing that is written from now on would stay. */
  lost(error: CoreError): void;
}

export function failure(error: unknown): Failure {
  if (error instanceof CoreError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

async function compile(url: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compileStreaming(fetch(url));
  } catch (error) {
    throw new CoreError('unavailable', `The core cannot be loaded from ${url}: ${failure(error).message}`);
  }
}

export class Engine {
  readonly #core: Core;
  readonly #files: OpfsFiles;
  readonly #events: EngineEvents;
  readonly #connection: Connection | undefined;
  /** The pages' watches, by the core's number. */
  readonly #watches = new Map<number, { page: string; watch: number }>();
  /** Watches that came before the tables did, which a new database has from its first connection. */
  #early: { page: string; watch: number; begin(): void; end(): void }[] = [];
  #state: ConnectionState = 'stopped';
  #error: Failure | undefined;
  /** What the server said before it ended this connection. */
  #bye: Bye | undefined;
  #work: ReturnType<typeof setTimeout> | undefined;
  #workFailed = false;
  #statusTold: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  readonly #look = setInterval(() => void this.#lookForFile(), LOOK_MS);
  #isLost = false;
  #closed = false;

  private constructor(core: Core, files: OpfsFiles, config: Config, events: EngineEvents) {
    this.#core = core;
    this.#files = files;
    this.#events = events;
    if (config.url === '') return;
    this.#connection = new Connection(config.url, {
      token: events.token,
      opened: (token) => {
        this.#bye = undefined;
        this.#ofSession(() => core.connected(token));
      },
      received: (message) => {
        clearTimeout(this.#silence);
        this.#silence = undefined;
        this.#ofSession(() => core.receive(message));
      },
      closed: () => {
        clearTimeout(this.#silence);
        this.#silence = undefined;
        if (this.#closed) return undefined;
        this.#run(() => core.disconnected());
        return this.#bye;
      },
      changed: (state, reason) => {
        if (this.#closed) return;
        this.#state = state;
        this.#error = reason && failure(reason);
        this.#tellStatus();
      },
    });
    if (config.online) this.#connection.start();
  }

  static async open(config: Config, events: EngineEvents): Promise<Engine> {
    const module = compile(config.wasmUrl);
    const files = await OpfsFiles.in(config.name);
    try {
      const core = await Core.load(await module, files);
      const salvaged = await core.open(DATABASE, { durable: config.durable });
      const engine = new Engine(core, files, config, events);
      if (salvaged) engine.#tellOf(salvaged);
      return engine;
    } catch (error) {
      files.close();
      throw error;
    }
  }

  async answer({ from, n, method, args }: Ask): Promise<Answer> {
    try {
      const result = await this.#run(() => (this.#methods[method] as (...all: unknown[]) => unknown)(from, ...args));
      return { type: 'answer', to: from, n, result };
    } catch (error) {
      return { type: 'answer', to: from, n, failure: failure(error) };
    }
  }

  /** The page is gone. */
  forget(page: string): void {
    this.#endEarly((early) => early.page === page);
    for (const [number, watch] of this.#watches) if (watch.page === page) this.#unwatch(number);
  }

  hurry(): void {
    this.#connection?.hurry();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection?.stop();
    clearTimeout(this.#work);
    clearTimeout(this.#silence);
    clearInterval(this.#look);
    clearTimeout(this.#statusTold);
    // Chromium never returns from truncating or closing a file that is gone.
    if (this.#isLost) return;
    try {
      this.#core.close();
    } catch {
      // What could not be written now is recovered when the database is opened again.
    }
    this.#files.close();
  }

  readonly #methods: { [M in keyof Methods]: (page: string, ...args: Parameters<Methods[M]>) => unknown } = {
    execute: (_page, requests) => this.#counted(() => this.#core.execute(requests)),
    query: (_page, sql, params) => this.#core.query(sql, params),
    watch: (page, watch, sql, params) => this.#watch(page, watch, sql, params),
    unwatch: (page, watch) => {
      this.#endEarly((early) => early.page === page && early.watch === watch);
      for (const [number, known] of this.#watches)
        if (known.page === page && known.watch === watch) this.#unwatch(number);
    },
    status: () => this.#status(),
    commands: () => this.#core.commands(),
    outcomes: (_page, ids) => this.#outcomes(new Set(ids)),
    retry: (_page, id, as) => this.#counted(() => this.#core.retry(id, as)),
    dismiss: (_page, id) => this.#counted(() => this.#core.dismiss(id)),
    load: (_page, scope) => this.#core.load(scope),
    unload: (_page, scope) => this.#core.unload(scope),
    connect: () => this.#connection?.start(),
    disconnect: () => this.#connection?.stop(),
    dump: () => this.#core.dump(),
    exportFile: () => this.#export(),
  };

  #run<T>(work: () => T): T {
    if (this.#closed) throw new CoreError('unavailable', 'the database is closed');
    try {
      return work();
    } finally {
      this.#settle();
    }
  }

  /** A message that breaks the session ends the connection; a fault of the file, but for want of room, ends syncing. */
  #ofSession(work: () => void): void {
    try {
      this.#run(work);
    } catch (error) {
      this.#dropFor(error);
    }
  }

  #dropFor(error: unknown): void {
    const known = error instanceof CoreError ? error : new CoreError('internal', String(error));
    this.#connection?.drop(known, !['protocol', 'version', 'disk_full'].includes(known.code));
  }

  #settle(): void {
    const flags = this.#core.flags();
    if (flags & HAS_OUTGOING) this.#send();
    if (flags & HAS_NEWS) this.#news();
    if (flags & (HAS_LITTLE_WORK | HAS_MUCH_WORK)) {
      const pause = this.#workFailed ? 10_000 : flags & HAS_MUCH_WORK ? 2 : 1000;
      this.#work ??= setTimeout(() => this.#doWork(), pause);
    }
  }

  #send(): void {
    try {
      for (const message of this.#core.outgoing()) this.#connection?.send(message);
    } catch (error) {
      this.#dropFor(error);
    }
    this.#silence ??= setTimeout(() => {
      this.#silence = undefined;
      // Who is in step has no answer to wait for: not every message has one.
      if (this.#core.status().synced) return;
      this.#connection?.drop(new CoreError('unavailable', 'The server has fallen silent.'), false);
    }, SILENCE_MS);
  }

  #news(): void {
    const news = this.#core.news();
    if (news.bye) this.#bye = news.bye;
    let statusChanged = false;
    for (const event of news.events) {
      if (event.kind === 'status') statusChanged = true;
      else this.#events.say({ type: 'told', event });
    }
    for (const { watch, columns, rows } of news.changes) {
      const known = this.#watches.get(watch);
      if (known) this.#events.say({ type: 'changed', to: known.page, watch: known.watch, columns, rows } satisfies Changed);
    }
    if (statusChanged) {
      if (this.#core.status().connected) this.#connection?.welcomed();
      this.#beginEarly();
      this.#tellStatus();
    }
  }

  #doWork(): void {
    this.#work = undefined;
    this.#run(() => {
      try {
        this.#core.work();
        this.#workFailed = false;
      } catch {
        this.#workFailed = true; // a full disk, perhaps: nobody waits for this, and it is tried again
      }
    });
  }

  async #lookForFile(): Promise<void> {
    if ((await this.#files.has(DATABASE)) || this.#closed) return;
    this.#isLost = true;
    const message = "The browser has removed this site's files. Reload this page to fetch from the server what it has.";
    this.#events.lost(new CoreError('storage', message));
  }

  #watch(page: string, watch: number, sql: string, params: SqlRow): void | Promise<void> {
    if (!this.#hasTables())
      return new Promise((resolve, reject) => {
        const begin = () => {
          try {
            resolve(this.#watch(page, watch, sql, params));
          } catch (error) {
            reject(error);
          }
        };
        this.#early.push({ page, watch, begin, end: resolve });
      });
    const number = this.#core.watch(sql, params);
    this.#watches.set(number, { page, watch });
  }

  #hasTables(): boolean {
    return this.#core.status().schemaHash !== '';
  }

  #beginEarly(): void {
    if (this.#early.length === 0 || !this.#hasTables()) return;
    const early = this.#early;
    this.#early = [];
    this.#run(() => early.forEach(({ begin }) => begin()));
  }

  #endEarly(ends: (early: { page: string; watch: number }) => boolean): void {
    for (const early of this.#early) if (ends(early)) early.end();
    this.#early = this.#early.filter((early) => !ends(early));
  }

  #unwatch(number: number): void {
    this.#watches.delete(number);
    this.#core.unwatch(number);
  }

  #status(): Status {
    const status: Status = { ...this.#core.status(), connection: this.#state };
    if (this.#error) status.error = this.#error;
    return status;
  }

  /** What changes how many commands are pending or turned down; of many at once the pages hear once. */
  #counted<T>(work: () => T): T {
    this.#statusTold ??= setTimeout(() => {
      this.#statusTold = undefined;
      this.#tellStatus();
    }, 20);
    return work();
  }

  #tellStatus(): void {
    this.#events.say({ type: 'status', status: this.#status() });
  }

  #tellOf(salvaged: { commands: number; complete: boolean }): void {
    const kept = salvaged.complete
      ? 'commands of its list are kept'
      : 'commands of its list could be read, others may be lost';
    this.#events.say({
      type: 'told',
      event: {
        kind: 'salvaged',
        id: '',
        state: 'pending',
        code: 'corrupt',
        detail: `the file was damaged and is begun anew; ${salvaged.commands} ${kept}`,
        done: salvaged.commands,
        total: 0,
      },
    });
  }

  #outcomes(ids: Set<string>): Outcome[] {
    return this.#core
      .commands()
      .filter(({ id, state }) => ids.has(id) && state !== 'pending')
      .map(({ id, state, code, message }) => ({ id, state, code, message }));
  }

  #export(): Uint8Array {
    this.#core.checkpoint();
    const file = this.#files.get(DATABASE)!;
    const bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
    return bytes;
  }
}
