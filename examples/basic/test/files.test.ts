import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectedDigest } from '../src/expected-digest.ts';
import { addFiles, EMPTY_DIGEST, listFiles } from '../src/files.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const never = new AbortController().signal;
const ignore = () => undefined;

let directory: string;

const add = async (file: string, text: string) => {
  await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
  await writeFile(path.join(directory, file), text);
};

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-files-'));
  await add('b.txt', 'second');
  await add('a/deep/one.txt', '');
  await add('a.txt', 'first, ä');
  await add('node_modules/left-out.txt', 'x');
  await add('a/node_modules/left-out.txt', 'x');
  await add('.git/left-out', 'x');
  await add('.hidden', 'kept');
  await symlink(path.join(directory, 'b.txt'), path.join(directory, 'link-to-file'));
  await symlink(path.join(directory, 'a'), path.join(directory, 'link-to-directory'));
  await symlink(directory, path.join(directory, 'a/link-to-parent'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('listFiles', () => {
  it('lists every file in one order, without node_modules, .git and links', async () => {
    expect(await listFiles(directory)).toEqual(['.hidden', 'a.txt', 'a/deep/one.txt', 'b.txt']);
  });
});

describe('addFiles', () => {
  it('chains path and content of each file into one digest, and counts files and bytes', async () => {
    const first = sha256(`\0a.txt\0${sha256('first, ä')}`);
    const second = sha256(`${first}\0b.txt\0${sha256('second')}`);
    const digest = await addFiles(EMPTY_DIGEST, directory, ['a.txt', 'b.txt'], { signal: never, onOpen: ignore });
    expect(digest).toEqual({ files: 2, bytes: 15, sha256: second });
  });

  it('gives the same digest however the files are split by checkpoints, and the client computes the same', async () => {
    const files = await listFiles(directory);
    const options = { signal: never, onOpen: ignore };
    const whole = await addFiles(EMPTY_DIGEST, directory, files, options);
    for (let at = 0; at <= files.length; at += 1) {
      const half = await addFiles(EMPTY_DIGEST, directory, files.slice(0, at), options);
      expect(await addFiles(half, directory, files.slice(at), options)).toEqual(whole);
    }
    expect(await expectedDigest(directory)).toEqual(whole);
    expect(whole.files).toBe(4);
  });

  it('says which file it is about to open, and opens none after the signal aborted', async () => {
    const opened: string[] = [];
    const controller = new AbortController();
    const onOpen = (file: string) => {
      opened.push(file);
      if (opened.length === 2) controller.abort(new Error('stop'));
    };
    const files = await listFiles(directory);
    await expect(addFiles(EMPTY_DIGEST, directory, files, { signal: controller.signal, onOpen })).rejects.toThrow();
    expect(opened).toEqual(files.slice(0, 2));
  });

  it('rejects with the path of a file that cannot be read', async () => {
    const missing = addFiles(EMPTY_DIGEST, directory, ['gone.txt'], { signal: never, onOpen: ignore });
    await expect(missing).rejects.toThrow(/ENOENT.*gone\.txt/);
  });
});
