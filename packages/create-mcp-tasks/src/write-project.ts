import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Answers } from './answers.ts';
import { filesOf } from './project.ts';
import { Refusal } from './refusal.ts';

/**
 * Write a project into a folder of its name.
 *
 * @returns the paths of its files, from the folder.
 * @throws {Refusal} the folder is not empty, or cannot be written.
 */
export async function writeProject(answers: Answers, parent: string): Promise<readonly string[]> {
  const folder = path.join(parent, answers.name);
  const fault = faultOfFolder(parent, answers.name);
  if (fault !== undefined) throw new Refusal(fault);
  const files = filesOf(answers);
  try {
    for (const [file, text] of files) {
      const target = path.join(folder, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text, { flag: 'wx' });
    }
  } catch (cause) {
    throw new Refusal(`The folder "${answers.name}" cannot be written (${codeOf(cause)}). Go to a folder of yours.`, {
      cause,
    });
  }
  return [...files.keys()];
}

/** Tell why a project cannot be written into a folder, in a sentence: nothing is written over. */
export function faultOfFolder(parent: string, name: string): string | undefined {
  try {
    if (readdirSync(path.join(parent, name)).length === 0) return undefined;
    return `The folder "${name}" is not empty. Take another name, or empty it first.`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ENOTDIR') return `There is a file "${name}" already. Take another name.`;
    return `The folder "${name}" cannot be read (${codeOf(error)}). Take another name.`;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
