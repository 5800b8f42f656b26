import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getReleasePlan from '@changesets/get-release-plan';
import type { Tasks } from '@mcp-tasks/runner';
import type { CallToolResult, JsonObject } from '@mcp-tasks/wire';
import { StepError } from '@mcp-tasks/workflow';
import * as z from 'zod';
import { changelog } from './changelog.ts';
import { readManifests } from './manifests.ts';
import { Release } from './release.ts';

const Package = z.object({ name: z.string(), version: z.string(), folder: z.string() });
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Where the tools work. */
export interface ReleaseSettings {
  /** The repository that is released; only read. */
  readonly repository: string;
  /** Where drafts are written: one changelog and one list of versions for each task. */
  readonly draftFolder: string;
  /** Gets a line `TASKID STEP` each time a step begins, before it does anything else. */
  readonly logFile: string;
  /** How long each server step rests before it works, so that one can watch it, or kill it. */
  readonly stepMs: number;
}

/** The part of a task that a tool needs. */
interface Running {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly workflow: { readonly taskId: string; readonly step: string } | undefined;
}

/** The tools of the release workflow, for its steps. */
export type ReleaseTools = ReturnType<typeof registerReleaseTools>;

/** Register the tools that a release is made of; each can also be called by itself. */
export function registerReleaseTools(tasks: Tasks, { repository, draftFolder, logFile, stepMs }: ReleaseSettings) {
  const begin = async ({ workflow, signal }: Running): Promise<void> => {
    if (workflow === undefined) return;
    appendFileSync(logFile, `${workflow.taskId} ${workflow.step}\n`);
    await sleep(stepMs, undefined, { signal });
  };
  const draftOf = ({ id, workflow }: Running, file: string) =>
    path.join(draftFolder, `${workflow?.taskId ?? id}-${file}`);

  const validateManifests = tasks.tool(
    'validate_manifests',
    {
      description: 'Check the package.json of every package that is published',
      outputSchema: z.object({ packages: z.array(Package) }),
    },
    async (_args, task) => {
      await begin(task);
      const { packages, problems } = await readManifests(repository);
      if (problems.length > 0) throw new StepError(problems.join('; '), { retryable: false });
      return structured({ packages: packages.map((item) => ({ ...item })) });
    },
  );

  const computeVersions = tasks.tool(
    'compute_versions',
    {
      description: 'Compute from the changesets which packages get which version',
      inputSchema: z.object({ packages: z.array(Package) }),
      outputSchema: z.object({ releases: z.array(Release) }),
    },
    async ({ packages }, task) => {
      await begin(task);
      const known = new Set(packages.map(({ name }) => name));
      const plan = await getReleasePlan(repository);
      const summaries = new Map(plan.changesets.map(({ id, summary }) => [id, summary]));
      const released = plan.releases.filter(({ type }) => type !== 'none');
      const unknown = released.find(({ name }) => !known.has(name));
      if (unknown !== undefined) throw new StepError(`${unknown.name} is not published.`, { retryable: false });
      const releases = released.map(({ name, oldVersion, newVersion, changesets }): Release => {
        const changes = changesets.map((id) => summaries.get(id) ?? id);
        return { name, oldVersion, newVersion, changes };
      });
      return structured({ releases: releases.map((release) => ({ ...release })) });
    },
  );

  const writeChangelog = tasks.tool(
    'write_changelog',
    {
      description: 'Write a draft of the changelog',
      inputSchema: z.object({ date: z.string(), releases: z.array(Release) }),
      outputSchema: z.object({ file: z.string(), sha256: Sha256 }),
    },
    async ({ date, releases }, task) => {
      await begin(task);
      const file = draftOf(task, 'changelog.md');
      const text = changelog(date, releases);
      await replaceFile(file, text);
      return structured({ file, sha256: sha256Of(text) });
    },
  );

  const approveNotes = tasks.tool(
    'approve_notes',
    {
      description: 'Approve a draft of the changelog, as it was read',
      inputSchema: z.object({ file: z.string(), sha256: Sha256, approvedBy: z.string().min(1) }),
      outputSchema: z.object({ sha256: Sha256, approvedBy: z.string() }),
    },
    async ({ file, sha256, approvedBy }) => {
      if (path.dirname(file) !== draftFolder) throw new StepError('That is no draft.', { retryable: false });
      if (sha256Of(await readFile(file, 'utf8')) !== sha256) {
        throw new StepError('The draft is not what was read any more: read it again.', { retryable: true });
      }
      return structured({ sha256, approvedBy });
    },
  );

  const stageRelease = tasks.tool(
    'stage_release',
    {
      description: 'Write down what is to be published, and who approved it',
      inputSchema: z.object({ releases: z.array(Release), sha256: Sha256, approvedBy: z.string() }),
      outputSchema: z.object({ file: z.string(), packages: z.int() }),
    },
    async ({ releases, sha256, approvedBy }, task) => {
      await begin(task);
      const file = draftOf(task, 'release.json');
      const versions = Object.fromEntries(releases.map(({ name, newVersion }) => [name, newVersion]));
      await replaceFile(file, JSON.stringify({ versions, notes: sha256, approvedBy }, undefined, 2));
      return structured({ file, packages: releases.length });
    },
  );

  return { validateManifests, computeVersions, writeChangelog, approveNotes, stageRelease };
}

/** Write a file so that it is there whole or not at all, however often and whenever the process dies. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** SHA-256 of a text, in hex. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A structured result, and the same as text for clients that read no other. */
function structured(structuredContent: JsonObject): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}
