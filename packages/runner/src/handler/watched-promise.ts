/** A rejection of a {@link WatchedPromise} that nothing had looked at when it came. */
export interface UnseenRejection {
  readonly error: unknown;
  /** Whether anything looked at it since then. */
  readonly isLookedAt: () => boolean;
}

type OnUnseen = (rejection: UnseenRejection) => void;

/**
 * A promise that knows whether anything looks at it, so that a rejection that a handler forgot can be told, and never
 * ends the process.
 *
 * `await`, `Promise.all`, `catch` and `finally` all call the `then` of a promise that is not a plain one. What `then`
 * makes is watched too: its rejection is as easily forgotten.
 */
export class WatchedPromise<Value> extends Promise<Value> {
  #isLookedAt = false;
  #onUnseen: OnUnseen | undefined;

  /**
   * Call a function at once, and watch the promise that it returns; what it throws is a rejection too. `onUnseen` must
   * not throw.
   */
  static begin<Value>(begin: () => Promise<Value>, onUnseen: OnUnseen): WatchedPromise<Value> {
    const watched = new WatchedPromise<Value>((resolve, reject) => {
      begin().then(resolve, reject);
    });
    watched.#watch(onUnseen);
    return watched;
  }

  /** Hear how it ends, without looking at it. */
  follow(onFulfilled: (value: Value) => void, onRejected: (error: unknown) => void): void {
    super.then(onFulfilled, onRejected);
  }

  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isLookedAt = true;
    const next = super.then(onFulfilled, onRejected);
    if (this.#onUnseen !== undefined && next instanceof WatchedPromise) next.#watch(this.#onUnseen);
    return next;
  }

  #watch(onUnseen: OnUnseen): void {
    this.#onUnseen = onUnseen;
    this.follow(
      () => undefined,
      (error) => {
        if (!this.#isLookedAt) onUnseen({ error, isLookedAt: () => this.#isLookedAt });
      },
    );
  }
}
