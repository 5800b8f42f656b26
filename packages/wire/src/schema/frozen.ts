/** Freeze a constant of the package and everything in it, so that no caller can change it for the others. */
export function frozen<T extends object>(constant: T): T {
  for (const part of Object.values(constant)) {
    if (typeof part === 'object' && part !== null) frozen(part as object);
  }
  return Object.freeze(constant);
}
