import type { AuthorSchema, ToolOptions } from '@mcp-tasks/runner';
import type { JsonValue } from '@mcp-tasks/wire';

/** Tells a resource reader for whom it reads. */
export interface ResourceRequest {
  readonly owner: string;
  /** The value that `serveTasks({ caller })` made of the request that began the workflow. */
  readonly caller: JsonValue | undefined;
  /** Aborts when the run ends or the step takes too long. */
  readonly signal: AbortSignal;
}

/** Reads a resource for a step: its text. Throwing fails the step. Checks itself whether the owner may read it. */
export type ReadResource = (uri: string, request: ResourceRequest) => string | Promise<string>;

/**
 * How a workflow is described and run.
 *
 * @example
 * const options = { description: 'Deploy a service', stepTimeoutMs: 60_000 } satisfies WorkflowOptions;
 * workflow(tasks, 'deploy_service', options, ({ step }) => {
 *   step('announce', { client: true, guidance: 'Tell the team that the deployment begins.' });
 * });
 */
export interface WorkflowOptions<Schema extends AuthorSchema = AuthorSchema> {
  readonly title?: string | undefined;
  /** The purpose of the workflow: its goal in the conversation, and the description of prompt and companion tool. */
  readonly description: string;
  /**
   * An object schema, each property of which is a prompt argument. These arrive as strings, so each property has to
   * take one: `z.coerce.number()`, not `z.number()`.
   */
  readonly arguments?: Schema | undefined;
  /** Said to the model at the beginning of the conversation. */
  readonly instructions?: string | undefined;
  /**
   * Lifetime of the task, waiting for the client included; default `limits.defaultTtlMs`, at most `limits.maxTtlMs`.
   */
  readonly ttlMs?: number | undefined;
  /** How long the result stays readable at least; default `limits.keepResultMs`. */
  readonly keepResultMs?: number | undefined;
  /** Default `limits.pollIntervalMs`. */
  readonly pollIntervalMs?: number | undefined;
  /** False: every invocation runs inside its request, and nothing is stored; default true. */
  readonly durable?: boolean | undefined;
  /** How long one attempt of a step may take; default 5 min. */
  readonly stepTimeoutMs?: number | undefined;
  /** Reads the resources that steps name. */
  readonly readResource?: ReadResource | undefined;
  readonly icons?: ToolOptions['icons'];
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
}
