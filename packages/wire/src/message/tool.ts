import * as z from 'zod';
import { jsonValue, meta } from '../schema/fields.ts';
import type { JsonValue } from '../schema/json.ts';
import { field, openObject, schemaOf } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { type Icon, IconSchema } from './content.ts';

/**
 * Whether a tool can run as a task in 2025-11-25; absent means `forbidden`. @see 2025-11-25, Tasks, "Tool-Level
 * Negotiation"
 */
export type TaskSupport = 'forbidden' | 'optional' | 'required';

/** All values of {@link TaskSupport}. */
export const TASK_SUPPORTS = ['forbidden', 'optional', 'required'] as const satisfies readonly TaskSupport[];

/** `execution` of a tool; 2025-11-25 only. */
export interface ToolExecution2025 {
  readonly taskSupport?: TaskSupport | undefined;
}

/** Hints about what a tool does. */
export interface ToolAnnotations {
  readonly title?: string | undefined;
  readonly readOnlyHint?: boolean | undefined;
  readonly destructiveHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
  readonly openWorldHint?: boolean | undefined;
}

/** JSON Schema of a tool's arguments; further keywords pass through. */
export interface ToolInputSchema {
  readonly $schema?: string | undefined;
  readonly type: 'object';
  readonly properties?: Record<string, JsonValue> | undefined;
  readonly required?: string[] | undefined;
}

/** JSON Schema of a tool's structured content; further keywords pass through. An object, as 2025-11-25 has it. */
export interface ToolOutputSchema {
  readonly $schema?: string | undefined;
  readonly type: 'object';
}

/** A tool as it is listed, or offered to the client's model. @see 2025-11-25, Tools, "Tool" */
export interface Tool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: ToolInputSchema;
  readonly outputSchema?: ToolOutputSchema | undefined;
  readonly annotations?: ToolAnnotations | undefined;
  readonly execution?: ToolExecution2025 | undefined;
  readonly icons?: Icon[] | undefined;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** {@link TaskSupport}. */
export const TaskSupportSchema: WireSchema<TaskSupport> = schemaOf(z.enum(TASK_SUPPORTS));

/** {@link ToolExecution2025}. */
export const ToolExecution2025Schema: WireSchema<ToolExecution2025> = openObject<ToolExecution2025>()({
  taskSupport: field(TaskSupportSchema).optional(),
});

const ToolAnnotationsSchema = openObject<ToolAnnotations>()({
  title: z.string().optional(),
  readOnlyHint: z.boolean().optional(),
  destructiveHint: z.boolean().optional(),
  idempotentHint: z.boolean().optional(),
  openWorldHint: z.boolean().optional(),
});

const ToolInputSchemaSchema = openObject<ToolInputSchema>()({
  $schema: z.string().optional(),
  type: z.literal('object'),
  properties: z.record(z.string(), jsonValue).optional(),
  required: z.array(z.string()).optional(),
});

const ToolOutputSchemaSchema = openObject<ToolOutputSchema>()({
  $schema: z.string().optional(),
  type: z.literal('object'),
});

/** {@link Tool}. */
export const ToolSchema: WireSchema<Tool> = openObject<Tool>()({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: field(ToolInputSchemaSchema),
  outputSchema: field(ToolOutputSchemaSchema).optional(),
  annotations: field(ToolAnnotationsSchema).optional(),
  execution: field(ToolExecution2025Schema).optional(),
  icons: z.array(field(IconSchema)).optional(),
  _meta: meta.optional(),
});
