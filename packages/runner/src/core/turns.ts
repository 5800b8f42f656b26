/** Ends what was begun; safe to call twice. */
export type Leave = () => void;

/** A number of places, and a queue of those who wait for one. */
export class Turns {
  readonly #places: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** Take a place, at once or in turn. A promise rejects with the signal's reason when it aborts before. */
  take(signal: AbortSignal): Leave | Promise<Leave> {
    if (this.#taken < this.#places) return this.#enter();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(begin);
        reject(signal.reason as Error);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', abort);
        resolve(this.#enter());
      };
      if (signal.aborted) {
        abort();
        return;
      }
      this.#waiting.add(begin);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  #enter(): Leave {
    this.#taken += 1;
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#taken -= 1;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      next();
    };
  }
}
