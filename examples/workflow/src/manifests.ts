import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

const Manifest = z.object({
  name: z.string().regex(/^@[\w-]+\/[\w-]+$/, 'must be a scoped name'),
  version: z.string().regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, 'must be a version'),
  license: z.string().min(1),
  exports: z.record(z.string(), z.unknown()).refine((exports) => '.' in exports, 'must have the entry "."'),
  repository: z.object({ url: z.string().min(1), directory: z.string().min(1) }),
});

/** A command has no entries, and is asked for by its bare name. */
const Command = Manifest.omit({ exports: true }).extend({ name: z.string().regex(/^[\w-]+$/, 'must be a bare name') });

/** A package that is published. */
interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder, relative to the repository. */
  readonly folder: string;
}

/** The manifests of a repository, read. */
export interface ManifestReport {
  readonly packages: PublishedPackage[];
  /** Faults, one line each; empty when all packages may be published. */
  readonly problems: string[];
}

/** Read and check `packages/*\/package.json` of a repository; private packages are left out. */
export async function readManifests(repository: string): Promise<ManifestReport> {
  const report: ManifestReport = { packages: [], problems: [] };
  const entries = await readdir(path.join(repository, 'packages'), { withFileTypes: true });
  for (const { name: entry } of entries.filter((item) => item.isDirectory()).sort(byName)) {
    const folder = `packages/${entry}`;
    const json = JSON.parse(await readFile(path.join(repository, folder, 'package.json'), 'utf8')) as object;
    if ('private' in json && json.private === true) continue;
    const checked = ('bin' in json ? Command : Manifest).safeParse(json);
    if (checked.success) {
      const { name, version, repository: from } = checked.data;
      report.packages.push({ name, version, folder });
      if (from.directory !== folder) report.problems.push(`${folder}: repository.directory is ${from.directory}`);
    } else {
      for (const { path: at, message } of checked.error.issues) {
        report.problems.push(`${folder}: ${at.join('.')}: ${message}`);
      }
    }
  }
  return report;
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1;
}
