/** A handler need not await its effects: an unhandled rejection must not end the process. */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
