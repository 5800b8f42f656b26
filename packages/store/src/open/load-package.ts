import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TaskError } from '../port/task-error.ts';
import type { StorePackage } from './store-urls.ts';

/** Loads a package by its name. */
export type LoadPackage = (name: string) => Promise<unknown>;

/** Load the package of a store. @throws {TaskError} STORE_UNAVAILABLE - it is not installed. */
export async function loadPackage({ name, driver }: StorePackage, load: LoadPackage = importPackage): Promise<unknown> {
  try {
    return await load(name);
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    const all = driver === undefined ? name : `${name} ${driver}`;
    throw new TaskError('STORE_UNAVAILABLE', `The package of this store is not installed. Run: npm install ${all}.`, {
      details: { package: name },
      cause,
    });
  }
}

/**
 * Import a package that the application has. This package does not depend on it, so a package manager that keeps
 * packages apart shows it to the application alone: it is then looked up from there.
 */
async function importPackage(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    const file = isMissing(error, name) ? fileFromApplication(name) : undefined;
    if (file === undefined) throw error;
    return import(pathToFileURL(file).href);
  }
}

function fileFromApplication(name: string): string | undefined {
  for (const from of [process.argv[1], path.join(process.cwd(), 'index.js')]) {
    try {
      if (from !== undefined) return createRequire(path.resolve(from)).resolve(name);
    } catch {
      // The other place may know it.
    }
  }
  return undefined;
}

/** Whether a package could not be found itself, and not one that it needs. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const isNotFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return isNotFound && [`'${name}'`, `"${name}"`].some((quoted) => String(message).includes(quoted));
}
