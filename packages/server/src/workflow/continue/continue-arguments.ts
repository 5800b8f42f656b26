import type { AuthorSchema } from '@mcp-tasks/runner';
import { isJsonObject, type JsonObject } from '@mcp-tasks/wire';

/** Arguments by which a model does a step of a workflow, or waits for it. */
export interface ContinueArguments {
  readonly taskId: string;
  /** Absent: wait for the workflow. */
  readonly step?: string | undefined;
  readonly arguments?: JsonObject | undefined;
}

const JSON_SCHEMA = {
  type: 'object',
  properties: {
    taskId: { type: 'string', description: 'Id of the workflow task, as the hand-off names it.' },
    step: {
      type: 'string',
      description: 'Name of the step, as the hand-off names it. Leave it out to wait for the workflow.',
    },
    arguments: {
      type: 'object',
      description:
        "Arguments of the step's tool, with real values in place of <placeholders>. Leave them out to use those of the hand-off. " +
        'For a step that you did by other means: its result, an object.',
    },
  },
  required: ['taskId'],
} as const;

/** The schema of {@link ContinueArguments}. */
export const CONTINUE_ARGUMENTS: AuthorSchema<unknown, ContinueArguments> = {
  '~standard': {
    version: 1,
    vendor: 'mcp-tasks',
    jsonSchema: { input: () => ({ ...JSON_SCHEMA }), output: () => ({ ...JSON_SCHEMA }) },
    validate(value) {
      if (!isJsonObject(value)) return { issues: [{ message: 'must be an object' }] };
      const issues = [
        ...(['taskId', 'step'] as const)
          .filter((name) => typeof value[name] !== 'string' && (name === 'taskId' || value[name] !== undefined))
          .map((name) => ({ message: 'must be a string', path: [name] })),
        ...(value['arguments'] === undefined || isJsonObject(value['arguments'])
          ? []
          : [{ message: 'must be an object', path: ['arguments'] }]),
      ];
      return issues.length > 0 ? { issues } : { value: value as unknown as ContinueArguments }; // each field was looked at above
    },
  },
};
