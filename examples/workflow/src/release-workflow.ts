import type { Tasks } from '@mcp-tasks/runner';
import { workflow } from '@mcp-tasks/workflow';
import * as z from 'zod';
import type { ReleaseTools } from './release-tools.ts';

/** Name of the workflow: of its prompt, and of the tool that goes with it. */
export const PREPARE_RELEASE = 'prepare_release';

/** Prepare a release up to the point where it can be published; a person reads the notes in between. */
export function registerReleaseWorkflow(tasks: Tasks, tools: ReleaseTools): void {
  workflow(
    tasks,
    PREPARE_RELEASE,
    {
      title: 'Prepare a release',
      description:
        'Check the packages, compute their next versions, draft the changelog, and stage the release once the notes are approved',
      arguments: z.object({ date: z.iso.date().describe('Day of the release, such as 2026-09-01') }),
      instructions: 'Show the notes to the user, and approve them only in the name of the person who has read them.',
      ttlMs: 7 * 24 * 3_600_000,
    },
    ({ args, step }) => {
      // Each of these only reads, or writes the same file again: an interrupted one may simply be repeated.
      const manifests = step('validate_manifests', { tool: tools.validateManifests, retryable: true });

      const versions = step('compute_versions', {
        tool: tools.computeVersions,
        arguments: { packages: manifests.output.packages },
        retryable: true,
      });

      const notes = step('write_changelog', {
        tool: tools.writeChangelog,
        arguments: { date: args.date, releases: versions.output.releases },
        retryable: true,
      });

      const approval = step('approve_notes', {
        client: true,
        tool: tools.approveNotes,
        arguments: { file: notes.output.file, sha256: notes.output.sha256 },
        guidance: {
          text: 'Read {file}, and add as `approvedBy` who approves it.',
          variables: { file: notes.output.file },
        },
      });

      step('stage_release', {
        tool: tools.stageRelease,
        arguments: {
          releases: versions.output.releases,
          sha256: approval.output.sha256,
          approvedBy: approval.output.approvedBy,
        },
        retryable: true,
      });
    },
  );
}
