// The files of one database, as the core sees them: by name, without waiting. A browser opens files only
// asynchronously, so those that may be needed are opened before; the core asks in vain for another one
// (`missing`), and is called again once it is there.

export const MISSING = -1;
export const FULL = -2;
export const FAILED = -3;

/** One open file. Every function may throw; a `QuotaExceededError` becomes FULL. */
export interface File {
  read(to: Uint8Array, at: number): number;
  write(from: Uint8Array, at: number): void;
  truncate(size: number): void;
  flush(): void;
  size(): number;
}

/** Where files are. An empty file does not exist: SQLite's own rule for journals. */
export interface Files {
  /** An open file, or undefined when it could only be opened asynchronously. */
  get(name: string): File | undefined;
  /** Names that `get` was asked for in vain, to be opened by `open`. */
  readonly missing: Set<string>;
  open(names: Iterable<string>): Promise<void>;
  close(): void;
}

/** In memory, for tests and tools: nothing of it stays. */
export class MemoryFiles implements Files {
  readonly missing = new Set<string>();
  readonly #files = new Map<string, MemoryFile>();

  get(name: string): File {
    let file = this.#files.get(name);
    if (!file) this.#files.set(name, (file = new MemoryFile()));
    return file;
  }
  async open(): Promise<void> {}
  close(): void {}
}

class MemoryFile implements File {
  #bytes = new Uint8Array(0);
  #size = 0;

  read(to: Uint8Array, at: number): number {
    const have = Math.max(0, Math.min(to.length, this.#size - at));
    to.set(this.#bytes.subarray(at, at + have));
    return have;
  }
  write(from: Uint8Array, at: number): void {
    const end = at + from.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length, 4096));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(from, at);
    this.#size = Math.max(this.#size, end);
  }
  truncate(size: number): void {
    this.#bytes.fill(0, size);
    this.#size = Math.min(this.#size, size);
  }
  flush(): void {}
  size(): number {
    return this.#size;
  }
}
