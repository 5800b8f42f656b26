import { VARIABLES_META_KEY } from '@mcp-tasks/wire';
import * as z from 'zod';
import type { Digest } from './files.ts';
import { type HashArguments, HashResult, PROGRESS, Progress } from './hash-tool.ts';

/** How a task ended, as its client sees it. */
export type Outcome =
  | { readonly status: 'completed'; readonly result: Digest }
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'cancelled' };

/** A task that a client watches. */
export interface WatchedTask {
  readonly taskId: string;
  readonly progress: Progress | undefined;
  cancel(): Promise<void>;
}

/** A connected client of one generation. */
export interface DemoClient {
  /** Generation and transport, for people. */
  readonly name: string;
  /** Call the tool as a task, tell `onUpdate` each state that the client sees, and wait for the end. */
  hashFiles(args: HashArguments, onUpdate: (task: WatchedTask) => Promise<void>): Promise<Outcome>;
  close(): Promise<void>;
}

const TaskMeta = z.looseObject({
  _meta: z
    .looseObject({ [VARIABLES_META_KEY]: z.looseObject({ [PROGRESS]: Progress.optional() }).optional() })
    .optional(),
});

/** The progress that a task of either generation shows in its `_meta`; undefined before the first checkpoint. */
export function progressOf(task: unknown): Progress | undefined {
  return TaskMeta.parse(task)._meta?.[VARIABLES_META_KEY]?.[PROGRESS];
}

const ToolResult = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })),
  structuredContent: HashResult.optional(),
});

/** The meaning of a call's result. */
export function outcomeOf(result: unknown): Outcome {
  const { isError, content, structuredContent } = ToolResult.parse(result);
  if (isError === true || structuredContent === undefined) {
    return { status: 'failed', message: content[0]?.text ?? 'the tool gave no result' };
  }
  return { status: 'completed', result: structuredContent };
}
