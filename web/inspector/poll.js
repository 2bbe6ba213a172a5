// Asking again and again, while the page is looked at.

/** Calls `step(signal)` at once and then every `ms` after it has ended. `trouble(error)` is told what it throws, and
 *  null once it works again. */
export class Poll {
  #step;
  #ms;
  #trouble;
  #timer;
  #going = new AbortController();
  #paused = false;

  constructor(step, ms, trouble) {
    this.#step = step;
    this.#ms = ms;
    this.#trouble = trouble;
    document.addEventListener('visibilitychange', this.#visible);
    this.#round();
  }

  /** Now, whatever the pause. */
  now() {
    this.#going.abort();
    this.#going = new AbortController();
    clearTimeout(this.#timer);
    return this.#round();
  }

  pause(paused) {
    this.#paused = paused;
    if (!paused) this.now();
  }

  stop() {
    this.#going.abort();
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#visible);
  }

  #visible = () => {
    if (!document.hidden && !this.#paused) this.now();
  };

  async #round() {
    const { signal } = this.#going;
    let wait = this.#ms;
    try {
      await this.#step(signal);
      if (!signal.aborted) this.#trouble(null);
    } catch (error) {
      if (signal.aborted) return;
      wait = Math.max(wait, 3000);
      if (this.#trouble(error) === 'stop') return;
    }
    if (signal.aborted) return;
    this.#timer = setTimeout(() => {
      if (!document.hidden && !this.#paused) this.#round();
    }, wait);
  }
}
