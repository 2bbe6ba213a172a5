// The worker that each page starts. All of one database queue on one Web Lock; who holds it leads: it has the
// files, the core and the socket. The others pass on what their pages ask over a BroadcastChannel, and ask
// again when there is a new leader; commands carry ids made in the page, so that none counts twice.
import { CoreError } from '../core/core.js';
import { Engine, failure } from './engine.js';
import { lockOf, VERSION } from './messages.js';
import type { Ask, Config, Failure, FromLeader, FromWorker, ToLeader, ToWorker } from './messages.js';

const post = (message: FromWorker) => postMessage(message);

class Tab {
  readonly #page: string;
  readonly #config: Config;
  readonly #lock: string;
  readonly #channel: BroadcastChannel;
  readonly #stopping = new AbortController();
  /** What the page has asked and nobody has answered. */
  readonly #open = new Map<number, Ask>();
  /** Of these, commands that another tab has been asked to save. */
  readonly #passedOn = new Set<number>();
  /** What it watches, to be asked for again of a new leader. */
  readonly #watches = new Map<number, Ask>();
  /** Pages that the leader will hear of when they go. */
  readonly #watchedOver = new Set<string>();
  #engine: Engine | undefined;
  #queued = false;
  #release: (() => void) | undefined;
  #leader = '';
  /** Why nobody leads whom this tab could follow. */
  #failure: Failure | undefined;
  #token: ((token: string) => void) | undefined;
  #noToken: ((error: Error) => void) | undefined;

  constructor(page: string, config: Config) {
    this.#page = page;
    this.#config = config;
    this.#lock = lockOf(config.name);
    this.#channel = new BroadcastChannel(this.#lock);
    this.#channel.onmessage = ({ data }: MessageEvent<ToLeader | FromLeader>) => this.#heard(data);
    // While this lock is held the page is there.
    void navigator.locks.request(`${this.#lock}:${page}`, { signal: this.#stopping.signal }, () => this.#stopped()).catch(() => {});
    void this.#queue();
    this.#channel.postMessage({ type: 'who leads', from: page, version: VERSION } satisfies ToLeader);
    addEventListener('online', () => this.#engine?.hurry());
  }

  ask(ask: Ask): void {
    this.#open.set(ask.n, ask);
    if (ask.method === 'watch') this.#watches.set(ask.args[0] as number, ask);
    if (ask.method === 'unwatch') this.#watches.delete(ask.args[0] as number);
    this.#pass(ask);
  }

  tokenIs(token: string | undefined, why: Failure | undefined): void {
    if (token !== undefined) this.#token?.(token);
    else this.#noToken?.(new CoreError(why?.code ?? 'unauthorized', why?.message ?? 'there is no token'));
  }

  stop(): void {
    this.#stopping.abort();
    this.#resign();
    this.#channel.close();
    post({ type: 'stopped' });
  }

  #stopped(): Promise<void> {
    return new Promise((resolve) => this.#stopping.signal.addEventListener('abort', () => resolve()));
  }

  async #queue(): Promise<void> {
    const options = { signal: this.#stopping.signal };
    this.#queued = true;
    await navigator.locks.request(this.#lock, options, () => this.#lead()).catch((error: Error) => {
      if (error.name !== 'AbortError') this.#fail(error);
    });
    this.#queued = false;
  }

  /** Resolves when the lock is to be given up. */
  async #lead(): Promise<void> {
    try {
      this.#engine = await Engine.open(this.#config, {
        say: (message) => this.#say(message),
        token: (refused) => this.#askToken(refused),
        lost: (error) => {
          this.#resign();
          this.#fail(error);
        },
      });
    } catch (error) {
      // The next in the queue tries for itself. A leader that is gone may have saved what it was asked: the next one knows.
      return this.#fail(error, this.#passedOn);
    }
    this.#announce();
    await new Promise<void>((resolve) => (this.#release = resolve));
  }

  #announce(): void {
    this.#say({ type: 'leads', leader: this.#page, version: VERSION });
  }

  /** The page gives up what it waits for, but for what is `unsure`: no later leader may do it. */
  #fail(error: unknown, unsure: ReadonlySet<number> = new Set()): void {
    this.#failure = failure(error);
    for (const [n, { method, args }] of this.#open) {
      if (unsure.has(n)) continue;
      if (method === 'watch') this.#watches.delete(args[0] as number);
      this.#open.delete(n);
      this.#passedOn.delete(n);
    }
    post({ type: 'fails', failure: this.#failure, open: [...this.#open.keys()] });
  }

  /** Of the leader: to its own page and all others. */
  #say(message: FromLeader): void {
    this.#channel.postMessage(message);
    this.#hear(message);
  }

  #heard(message: ToLeader | FromLeader): void {
    if (message.type === 'ask') {
      if (!this.#engine) return;
      this.#watchOver(message.from);
      void this.#answer(message);
    } else if (message.type === 'who leads') {
      this.#askedWhoLeads(message.version);
    } else {
      this.#hear(message);
    }
  }

  #hear(message: FromLeader): void {
    if (message.type === 'leads') return this.#followed(message.leader, message.version);
    if ((message.type === 'answer' || message.type === 'changed') && message.to !== this.#page) return;
    if (message.type === 'answer') {
      this.#passedOn.delete(message.n);
      if (!this.#open.delete(message.n)) return;
    }
    post(message);
  }

  #askedWhoLeads(version: number): void {
    if (!this.#engine) return;
    // A newer program takes over; its leader tells this tab that it is too old.
    if (version > VERSION) this.#resign();
    else this.#announce();
  }

  #resign(): void {
    this.#engine?.close();
    this.#engine = undefined;
    this.#release?.();
  }

  /** Forgets the page's watches when its lock is free: it is gone. */
  #watchOver(page: string): void {
    if (page === this.#page || this.#watchedOver.has(page)) return;
    this.#watchedOver.add(page);
    const options = { signal: this.#stopping.signal };
    void navigator.locks.request(`${this.#lock}:${page}`, options, () => this.#engine?.forget(page)).catch(() => {});
  }

  #followed(leader: string, version: number): void {
    if (version > VERSION) {
      this.#leader = '';
      return this.#fail(new CoreError('version', 'A newer version of this app is open in another tab. Reload this page.'));
    }
    // An older program had its turn before this one: it steps down when it hears of a newer one.
    if (version < VERSION) return this.#channel.postMessage({ type: 'who leads', from: this.#page, version: VERSION } satisfies ToLeader);
    this.#failure = undefined;
    if (!this.#queued) void this.#queue();
    const isNew = leader !== this.#leader;
    this.#leader = leader;
    if (!isNew) return;
    post({ type: 'leads', leader, version });
    for (const [n, ask] of this.#watches) if (!this.#open.has(n)) this.#open.set(ask.n, ask);
    for (const ask of [...this.#open.values()].sort((a, b) => a.n - b.n)) this.#pass(ask);
  }

  #pass(ask: Ask): void {
    if (this.#engine) void this.#answer(ask);
    else if (this.#failure) this.#hear({ type: 'answer', to: this.#page, n: ask.n, failure: this.#failure });
    else if (this.#leader !== '' && this.#leader !== this.#page) {
      if (ask.method === 'execute') this.#passedOn.add(ask.n);
      this.#channel.postMessage(ask);
    }
  }

  async #answer(ask: Ask): Promise<void> {
    const answer = await this.#engine!.answer(ask);
    if (ask.from === this.#page) this.#hear(answer);
    else this.#channel.postMessage(answer);
  }

  #askToken(refused: boolean): Promise<string> {
    post({ type: 'token?', refused });
    return new Promise((resolve, reject) => {
      this.#token = resolve;
      this.#noToken = reject;
    });
  }
}

let tab: Tab | undefined;

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') tab = new Tab(data.page, data.config);
  else if (data.type === 'ask') tab!.ask(data);
  else if (data.type === 'token') tab!.tokenIs(data.token, data.failure);
  else tab!.stop();
});
