import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Tell whether an error of the file system has this code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Make a folder and those above it, safe on the disk. */
export async function makeFolder(folder: string): Promise<void> {
  if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(path.dirname(folder));
}

/**
 * Write a file that must be new: whole and on the disk, or not there at all.
 *
 * A link is a rename that refuses to replace: of two writers of one name exactly one wins.
 *
 * @returns whether this call wrote it; false = the name is taken.
 */
export async function writeNew(file: string, text: string): Promise<boolean> {
  return withTemporary(file, text, async (temporary) => linkNew(temporary, file));
}

/** Give a file a second name that must be new. @returns false = the name is taken. */
export async function linkNew(existing: string, file: string): Promise<boolean> {
  try {
    await link(existing, file);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  await syncFolder(path.dirname(file));
  return true;
}

/** Write a file or replace it: readers see the old text or the new one, never a part. */
export async function replace(file: string, text: string): Promise<void> {
  await withTemporary(file, text, async (temporary) => {
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
    return true;
  });
}

/** The text of a file; undefined when there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(absent);
}

/** Names in a folder, sorted, without the temporary ones; none when there is no folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(absent);
  return (names ?? []).filter((name) => !name.startsWith('.')).sort();
}

async function withTemporary(
  file: string,
  text: string,
  use: (temporary: string) => Promise<boolean>,
): Promise<boolean> {
  const temporary = path.join(path.dirname(file), `.${randomUUID()}`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await use(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absent(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error;
}
