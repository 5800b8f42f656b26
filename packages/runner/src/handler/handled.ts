/** A handler need not await its effects: a rejection that nobody looks at must not end the process. */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
