import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from './files.ts';

/**
 * The digest of a directory, computed by the client itself.
 *
 * Shares no code with the tool, so that one mistake cannot hide in both: it reads each file whole and keeps no checkpoints.
 */
export async function expectedDigest(directory: string): Promise<Digest> {
  const names = await filesBelow(directory, directory);
  let bytes = 0;
  let sha256 = '';
  for (const name of names.sort()) {
    const content = await readFile(path.join(directory, name));
    const own = createHash('sha256').update(content).digest('hex');
    bytes += content.length;
    sha256 = createHash('sha256').update([sha256, name, own].join('\0')).digest('hex');
  }
  return { files: names.length, bytes, sha256 };
}

async function filesBelow(root: string, directory: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory() && !['node_modules', '.git'].includes(entry.name))
      names.push(...(await filesBelow(root, full)));
    if (entry.isFile()) names.push(path.relative(root, full).split(path.sep).join('/'));
  }
  return names;
}
