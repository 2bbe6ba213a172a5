// Keeps one WebSocket to the server up: gets tokens, connects, and connects again after each end, never faster
// than Retry allows. As src/client/connection.cc, with the browser's events.
import { CoreError, type Bye } from '../core/core.js';
import { Retry } from './retry.js';

export type ConnectionState = 'stopped' | 'connecting' | 'online' | 'waiting' | 'offline';

export interface ConnectionHandler {
  token(refused: boolean): Promise<string>;
  /** The socket is open: say hello. */
  opened(token: string): void;
  received(message: Uint8Array): void;
  /** With what the server said before. */
  closed(): Bye | undefined;
  changed(state: ConnectionState, reason?: CoreError): void;
}

/** A socket that does not open for so long is given up. */
const CONNECT_TIMEOUT_MS = 10_000;

export class Connection {
  readonly #url: string;
  readonly #handler: ConnectionHandler;
  readonly #retry = new Retry();
  #state: ConnectionState = 'stopped';
  #wanted = false;
  #atOnce = false;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #token = '';
  #refusedToken = '';
  #welcomedAt: number | undefined;
  #dropped: { reason: CoreError; forGood: boolean } | undefined;

  constructor(url: string, handler: ConnectionHandler) {
    this.#url = url;
    this.#handler = handler;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#refusedToken = '';
    this.#retry.reset();
    // The last connection may be closing still: #ended() goes on.
    if (this.#socket) this.#atOnce = true;
    else void this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    this.#atOnce = false;
    clearTimeout(this.#timer);
    if (this.#socket) this.#socket.close(1000);
    else this.#set('stopped');
  }

  /** The device is online again, or a person looks: no use waiting any longer. */
  hurry(): void {
    if (this.#state !== 'waiting') return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  send(message: Uint8Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message as Uint8Array<ArrayBuffer>);
  }

  welcomed(): void {
    if (this.#welcomedAt !== undefined || !this.#socket) return;
    this.#welcomedAt = performance.now();
    this.#set('online');
  }

  /** Ends this connection. `forGood`: until start(). */
  drop(reason: CoreError, forGood: boolean): void {
    this.#dropped ??= { reason, forGood };
    this.#socket?.close(1000);
  }

  async #connect(): Promise<void> {
    this.#set('connecting');
    try {
      if (this.#token === '') this.#token = await this.#handler.token(this.#refusedToken !== '');
    } catch (error) {
      if (!this.#wanted) return this.#set('stopped');
      return this.#wait(undefined, new CoreError('unauthorized', `No token: ${(error as Error).message}`));
    }
    if (!this.#wanted) return this.#set('stopped');
    // The server would only refuse it again: ask the app now and then, not the server.
    if (this.#token === '' || this.#token === this.#refusedToken) {
      this.#token = '';
      return this.#wait(Retry.MOST_MS, new CoreError('unauthorized', 'The server did not accept the token.'));
    }
    try {
      this.#open(new WebSocket(this.#url));
    } catch (error) {
      this.#wanted = false; // no such address
      this.#set('stopped', new CoreError('invalid', (error as Error).message));
    }
  }

  #open(socket: WebSocket): void {
    this.#dropped = undefined;
    this.#welcomedAt = undefined;
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    const timeout = setTimeout(() => socket.close(), CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(timeout);
      this.#handler.opened(this.#token);
    };
    socket.onmessage = ({ data }) => this.#handler.received(new Uint8Array(data as ArrayBuffer));
    socket.onclose = ({ code }) => {
      clearTimeout(timeout);
      this.#socket = undefined;
      this.#ended(code);
    };
  }

  #ended(code: number): void {
    const bye = this.#handler.closed();
    const dropped = this.#dropped;
    if (!this.#wanted) return this.#set('stopped');
    if (this.#atOnce) {
      this.#atOnce = false;
      return void this.#connect();
    }
    const reason =
      dropped?.reason ??
      (bye && new CoreError(bye.code, bye.message)) ??
      new CoreError('unavailable', `The connection to ${new URL(this.#url).host} ended (${code}).`);
    if (reason.code === 'unauthorized') {
      this.#refusedToken = this.#token;
      this.#token = '';
      this.#wait(undefined, reason);
    } else if (dropped?.forGood || (bye && bye.retryAfterMs < 0)) {
      this.#wanted = false;
      this.#set('stopped', reason);
    } else {
      this.#wait(bye?.retryAfterMs, reason);
    }
  }

  #wait(askedMs: number | undefined, reason: CoreError): void {
    const lasted = this.#welcomedAt === undefined ? undefined : performance.now() - this.#welcomedAt;
    this.#timer = setTimeout(() => void this.#connect(), this.#retry.delayAfter(askedMs, lasted));
    this.#set('waiting', reason);
  }

  #set(state: ConnectionState, reason?: CoreError): void {
    if (this.#state === state && !reason) return;
    this.#state = state;
    this.#handler.changed(state, reason);
  }
}
