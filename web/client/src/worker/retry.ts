// When to connect again after a connection ended: exponential back-off with jitter, and never sooner than the
// server asked. As src/client/retry.cc.
export class Retry {
  static readonly LEAST_MS = 500;
  static readonly MOST_MS = 30_000;
  /** A session that was welcomed and lasted this long counts as a success. */
  static readonly PROVEN_MS = 2_000;

  #attempts = 0;

  /** `asked`: what the server's `bye` said, 0 for at once; `lasted`: since the welcome. In milliseconds, if there were any. */
  delayAfter(asked: number | undefined, lasted: number | undefined): number {
    if (lasted !== undefined && lasted >= Retry.PROVEN_MS) this.#attempts = 0;
    ++this.#attempts;
    if (asked === 0 && this.#attempts === 1) return 0;
    const step = Math.min(Retry.MOST_MS, Retry.LEAST_MS * 2 ** (this.#attempts - 1));
    // Half of the step is certain, half is chance.
    const chance = (Math.random() * step) / 2;
    if (asked !== undefined && asked > step) return asked + chance;
    return Math.max(Retry.LEAST_MS, step / 2 + chance);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
