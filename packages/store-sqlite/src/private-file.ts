import { closeSync, existsSync, openSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Read and write for the user of this process alone. */
const OWN_USER_ONLY = 0o600;
/** Links that are followed, one to another, as many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Make the file of a database, empty, for the user of this process alone. SQLite gives its companions (`-wal`, `-shm`,
 * `-journal`) the same rights. A file that exists keeps its rights: its owner may have chosen them.
 *
 * It never opens a file that exists: to close it again would drop the locks that other connections of this process have
 * on it. What cannot be made is left to SQLite, which says why.
 */
export function makePrivateFile(path: string): void {
  // A database in memory; or an address, which `node:sqlite` takes apart.
  if (path === ':memory:' || path.startsWith('file:')) return;
  let target = path;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    try {
      closeSync(openSync(target, 'wx', OWN_USER_ONLY));
      return;
    } catch {
      const next = targetOfLink(target);
      if (next === undefined) return;
      target = next;
    }
  }
}

/** Where a link leads that leads to nothing yet; undefined for everything else. */
function targetOfLink(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}
