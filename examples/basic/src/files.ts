import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

const LEFT_OUT = new Set(['node_modules', '.git']);

/** The state of the hashing so far. Small, so that a checkpoint can hold it. */
export interface Digest {
  readonly files: number;
  readonly bytes: number;
  /** SHA-256, in hex, of the digest before this file, a NUL, the file's path, a NUL and the file's own SHA-256. */
  readonly sha256: string;
}

/** The digest of no files. */
export const EMPTY_DIGEST: Digest = { files: 0, bytes: 0, sha256: '' };

/** Told about each file right before it is opened. */
export type OnOpen = (file: string) => void;

/**
 * Paths of all files under a directory, relative, with `/`, sorted by code unit.
 *
 * `node_modules` and `.git` are left out. Links are not followed and do not count as files.
 */
export async function listFiles(directory: string): Promise<readonly string[]> {
  const files: string[] = [];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await readdir(path.join(directory, folder), { withFileTypes: true })) {
      const relative = path.posix.join(folder, entry.name);
      if (entry.isFile()) files.push(relative);
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) pending.push(relative);
    }
  }
  return files.sort();
}

/** Add files to a digest, one after the other. Opens none once the signal has aborted. */
export async function addFiles(
  before: Digest,
  directory: string,
  files: readonly string[],
  options: { readonly signal: AbortSignal; readonly onOpen: OnOpen },
): Promise<Digest> {
  let digest = before;
  for (const file of files) {
    const { sha256, bytes } = await hashFile(directory, file, options);
    const chained = createHash('sha256').update(`${digest.sha256}\0${file}\0${sha256}`).digest('hex');
    digest = { files: digest.files + 1, bytes: digest.bytes + bytes, sha256: chained };
  }
  return digest;
}

async function hashFile(
  directory: string,
  file: string,
  { signal, onOpen }: { readonly signal: AbortSignal; readonly onOpen: OnOpen },
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  // Nothing can run between this line and the open: what the log shows is what happened.
  signal.throwIfAborted();
  onOpen(file);
  const stream = createReadStream(path.join(directory, file), { signal });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
