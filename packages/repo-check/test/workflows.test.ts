import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readText, REPOSITORY } from '../src/repository.ts';

interface Job {
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> }[];
}

interface Workflow {
  readonly name: string;
  readonly text: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

let workflows: readonly Workflow[];

beforeAll(async () => {
  const names = await readdir(path.join(REPOSITORY, '.github/workflows'));
  workflows = await Promise.all(
    names.map(async (name) => {
      const text = await readText('.github/workflows', name);
      return { ...(parse(text) as Workflow), name, text };
    }),
  );
});

describe('the workflows', () => {
  it('pin every action by its commit, and say which version that is', () => {
    for (const { name, text } of workflows) {
      const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => action);
      expect(uses.length, name).toBeGreaterThan(0);
      for (const action of uses) expect(action, name).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('have no right but to read, unless a job asks for one', () => {
    for (const { name, permissions } of workflows) expect(permissions, name).toEqual({ contents: 'read' });
  });

  it('leave no token in a checkout', () => {
    for (const { name, jobs } of workflows) {
      const steps = Object.values(jobs).flatMap((job) => job.steps);
      const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true);
      for (const checkout of checkouts) expect(checkout.with, name).toMatchObject({ 'persist-credentials': false });
    }
  });

  it('publish from a job that runs nothing of the repository, and has no right but to prove what it is', () => {
    const jobs = workflows.flatMap((workflow) => Object.values(workflow.jobs));
    const publishing = jobs.filter(({ permissions }) => permissions?.['id-token'] !== undefined);
    expect(publishing).toHaveLength(1);
    const [job] = publishing;
    expect(job).toMatchObject({ environment: 'npm', permissions: { 'id-token': 'write' } });
    expect(Object.keys(job?.permissions ?? {})).toEqual(['id-token']);
    const text = JSON.stringify(job?.steps);
    expect(text).not.toMatch(/checkout@|pnpm|npx|NPM_TOKEN/);
    expect(JSON.stringify(jobs)).not.toContain('secrets.');
  });
});
