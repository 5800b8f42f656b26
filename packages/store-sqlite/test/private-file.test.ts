import { chmodSync, existsSync, lstatSync, readdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { newTask } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';
import { DRIVERS } from './support/drivers.ts';

/** The rights of a database and of all that is beside it, by what follows its name. */
function rightsAround(path: string): Record<string, string> {
  const beside = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
  return Object.fromEntries(
    beside.map((name) => [
      name.slice(basename(path).length),
      (statSync(join(dirname(path), name)).mode & 0o777).toString(8),
    ]),
  );
}

async function writeTask(path: string): Promise<void> {
  const store = await openStore({ path });
  await store.create(newTask());
}

describe.skipIf(DRIVERS.length === 0 || process.platform === 'win32')('the file of a store', () => {
  it('[BOUN-07] is made for its user alone, and so is what SQLite puts beside it', async () => {
    const path = temporaryFile();
    await writeTask(path);
    expect(rightsAround(path)).toEqual({ '': '600', '-shm': '600', '-wal': '600' });
  });

  it('[BOUN-07] is made for its user alone where a link leads to it', async () => {
    const path = temporaryFile();
    const link = join(dirname(path), 'link');
    symlinkSync('second', link);
    symlinkSync(basename(path), join(dirname(path), 'second'));
    await writeTask(link);
    expect(rightsAround(path)).toEqual({ '': '600', '-shm': '600', '-wal': '600' });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('keeps the rights that its owner gave it, and gives them to what is beside it', async () => {
    const path = temporaryFile();
    openDatabase(path).exec('CREATE TABLE other (id INTEGER)');
    chmodSync(path, 0o660);
    await writeTask(path);
    expect(rightsAround(path)).toEqual({ '': '660', '-shm': '660', '-wal': '660' });
  });

  it('is not made of links that lead in a circle, nor in a folder that is missing', async () => {
    const path = temporaryFile();
    symlinkSync(path, `${path}-2`);
    symlinkSync(`${path}-2`, path);
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await expect(openStore({ path })).rejects.toMatchObject(unavailable);
    await expect(openStore({ path: join(dirname(path), 'missing', 'tasks.db') })).rejects.toMatchObject(unavailable);
    unlinkSync(path);
  });

  it('is not there for a store in memory', async () => {
    await writeTask(':memory:');
    expect(existsSync(':memory:')).toBe(false);
  });
});
