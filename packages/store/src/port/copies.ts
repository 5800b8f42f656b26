import { fileURLToPath } from 'node:url';
import { TaskError } from './task-error.ts';

/** Key under which a value that is tied to the copy of its package names that copy, by the address of a module. */
export const MADE_BY = Symbol.for('io.github.mcp-tasks/made-by');

/**
 * Refuse a value of another copy of the package: it looks right, and this copy knows nothing of it.
 *
 * An application has two copies when it loads the package by `import` and by `require`, or in two versions.
 *
 * @throws {TaskError} COPIES_MIXED - the value names another copy than `copy`.
 */
export function checkCopy(value: unknown, copy: string | undefined, what: string): void {
  if (typeof value !== 'object' || value === null) return;
  const { [MADE_BY]: other } = value as { readonly [MADE_BY]?: unknown };
  if (typeof other === 'string' && other !== copy) throw copiesMixed(what, other, copy);
}

/** The error of a value that comes from another copy of a package. */
export function copiesMixed(what: string, other: string, copy: string | undefined): TaskError {
  return new TaskError(
    'COPIES_MIXED',
    `${what} comes from ${pathOf(other)}, and is used by ${pathOf(copy)}, which is another copy of the package and knows nothing of it. Load the package in one version, and either by import or by require everywhere.`,
  );
}

/** The path of a module. A bundler may have left no address, or one that is not of a file. */
function pathOf(address: string | undefined): string {
  return address?.startsWith('file:') ? fileURLToPath(address) : (address ?? 'a bundle');
}
