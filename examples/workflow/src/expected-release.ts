import { readFile } from 'node:fs/promises';
import path from 'node:path';
import getReleasePlan from '@changesets/get-release-plan';
import { readManifests } from './manifests.ts';

/** The result that the workflow must have, as the client finds out by itself. */
export interface ExpectedRelease {
  readonly packages: number;
  /** New version by name of the package. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Find out what is to be released. @throws {TypeError} a package has not the version that the plan begins with. */
export async function expectedRelease(repository: string): Promise<ExpectedRelease> {
  const { packages } = await readManifests(repository);
  const { releases } = await getReleasePlan(repository);
  const released = releases.filter(({ type }) => type !== 'none');
  for (const { name, oldVersion } of released) {
    const folder = packages.find((item) => item.name === name)?.folder ?? '';
    const text = await readFile(path.join(repository, folder, 'package.json'), 'utf8');
    if (!text.includes(`"version": "${oldVersion}"`)) throw new TypeError(`${name} is not at ${oldVersion}`);
  }
  return {
    packages: packages.length,
    versions: Object.fromEntries(released.map(({ name, newVersion }) => [name, newVersion])),
  };
}
