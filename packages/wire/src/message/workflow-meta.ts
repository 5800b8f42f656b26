import * as z from 'zod';
import { jsonObject } from '../schema/fields.ts';
import type { JsonObject } from '../schema/json.ts';
import { field, oneOf, openObject, schemaOf } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { type TaskStatus, TaskStatusSchema } from './status.ts';

/**
 * How far a step of a workflow is, in the order in which it may come there; `failed` may become `completed` by a later
 * call.
 */
export const WORKFLOW_STEP_STATUSES = ['pending', 'running', 'completed', 'failed', 'skipped'] as const;

/** One of {@link WORKFLOW_STEP_STATUSES}. */
export type WorkflowStepStatus = (typeof WORKFLOW_STEP_STATUSES)[number];

/**
 * Names the workflow task that a request belongs to, in `_meta` under `WORKFLOW_META_KEY`: a `tools/call`
 * continues the task, a `prompts/get` resumes it.
 */
export interface WorkflowRequestMeta {
  readonly taskId: string;
  /** Name of the step that a `tools/call` does; absent = the first that fits tool and arguments. */
  readonly step?: string | undefined;
  /** Names the call: sent twice, it is recorded once. Absent = every request is a call of its own. */
  readonly callId?: string | undefined;
}

/** A step and how far it is. */
export interface WorkflowStepState {
  readonly name: string;
  /** Absent for a step that calls no tool. */
  readonly tool?: string | undefined;
  readonly status: WorkflowStepStatus;
}

/** The step can only be done by the client. */
export interface ClientStepPause {
  readonly type: 'clientStep';
  readonly blockedStep: string;
  readonly suggestedTool?: string | undefined;
}

/** An argument's source is there but does not give a value. */
export interface UnresolvableParamsPause {
  readonly type: 'unresolvableParams';
  readonly blockedStep: string;
  /** Name of the argument. */
  readonly missingParam: string;
  /** Where it should come from, in words. */
  readonly source: string;
  /** Why nothing comes from there. */
  readonly cause: string;
  readonly suggestedTool?: string | undefined;
}

/** An argument that is there and does not fit the tool's input schema. */
export interface IllTypedField {
  /** Path, as in `window.start`. */
  readonly field: string;
  readonly problem: string;
}

/** The arguments do not fit the tool's input schema. */
export interface SchemaMismatchPause {
  readonly type: 'schemaMismatch';
  readonly blockedStep: string;
  /** Every required field that is missing. */
  readonly missingFields: string[];
  /** Every other field that does not fit. */
  readonly illTypedFields: IllTypedField[];
  readonly suggestedTool?: string | undefined;
}

/** The tool was called and failed. */
export interface ToolErrorPause {
  readonly type: 'toolError';
  readonly failedStep: string;
  readonly error: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly suggestedTool?: string | undefined;
}

/** The step needs the output of one that failed or was skipped. */
export interface UnresolvedDependencyPause {
  readonly type: 'unresolvedDependency';
  readonly blockedStep: string;
  /** The part of it that is needed, in words. */
  readonly missingOutput: string;
  /** The step that has none. */
  readonly producingStep: string;
  readonly suggestedTool?: string | undefined;
}

/** Why a workflow, or one of its steps, does not go on by itself. */
export type WorkflowPause =
  ClientStepPause | UnresolvableParamsPause | SchemaMismatchPause | ToolErrorPause | UnresolvedDependencyPause;

/** A step that the client has to do, or may mend. */
export interface WorkflowRemainingStep {
  readonly step: string;
  /** The tool to call; absent for a step that calls none. */
  readonly tool?: string | undefined;
  /** Arguments to call it with; those named in `unresolved` are placeholders in angle brackets. */
  readonly arguments: JsonObject;
  /** Names of the arguments whose values are not known yet. */
  readonly unresolved?: string[] | undefined;
  /** The author's advice, for a person or a model. */
  readonly guidance?: string | undefined;
  /** Why the step waits; absent while a step that it needs is not done yet. */
  readonly pause?: WorkflowPause | undefined;
}

/** The state of a workflow task, in `_meta` of answers under `WORKFLOW_META_KEY`. */
export interface WorkflowMeta {
  readonly taskId: string;
  readonly status: TaskStatus;
  /** In the order of the plan. */
  readonly steps: WorkflowStepState[];
  /** The first reason why it does not go on by itself. */
  readonly pause?: WorkflowPause | undefined;
  /** The steps that the client has to do, in the order of the plan; empty when there are none. */
  readonly remaining: WorkflowRemainingStep[];
  /** The step as which this call was recorded; absent when it fits none. */
  readonly matchedStep?: string | undefined;
  /** A note for the client, in words. */
  readonly warning?: string | undefined;
  /** False for a client that did not declare the tasks extension: it gets the run and continues it, but cannot poll. */
  readonly pollable?: false | undefined;
}

/** {@link WorkflowStepStatus}. */
export const WorkflowStepStatusSchema: WireSchema<WorkflowStepStatus> = schemaOf(z.enum(WORKFLOW_STEP_STATUSES));

/** {@link WorkflowRequestMeta}. */
export const WorkflowRequestMetaSchema: WireSchema<WorkflowRequestMeta> = openObject<WorkflowRequestMeta>()({
  taskId: z.string(),
  step: z.string().optional(),
  callId: z.string().optional(),
});

const StepState = openObject<WorkflowStepState>()({
  name: z.string(),
  tool: z.string().optional(),
  status: field(WorkflowStepStatusSchema),
});

const IllTyped = openObject<IllTypedField>()({ field: z.string(), problem: z.string() });

const suggestedTool = z.string().optional();

/** {@link WorkflowPause}. */
export const WorkflowPauseSchema: WireSchema<WorkflowPause> = oneOf<WorkflowPause>()(
  [
    openObject<ClientStepPause>()({ type: z.literal('clientStep'), blockedStep: z.string(), suggestedTool }),
    openObject<UnresolvableParamsPause>()({
      type: z.literal('unresolvableParams'),
      blockedStep: z.string(),
      missingParam: z.string(),
      source: z.string(),
      cause: z.string(),
      suggestedTool,
    }),
    openObject<SchemaMismatchPause>()({
      type: z.literal('schemaMismatch'),
      blockedStep: z.string(),
      missingFields: z.array(z.string()),
      illTypedFields: z.array(field(IllTyped)),
      suggestedTool,
    }),
    openObject<ToolErrorPause>()({
      type: z.literal('toolError'),
      failedStep: z.string(),
      error: z.string(),
      retryable: z.boolean(),
      suggestedTool,
    }),
    openObject<UnresolvedDependencyPause>()({
      type: z.literal('unresolvedDependency'),
      blockedStep: z.string(),
      missingOutput: z.string(),
      producingStep: z.string(),
      suggestedTool,
    }),
  ],
  'type',
);

const RemainingStep = openObject<WorkflowRemainingStep>()({
  step: z.string(),
  tool: z.string().optional(),
  arguments: jsonObject,
  unresolved: z.array(z.string()).optional(),
  guidance: z.string().optional(),
  pause: field(WorkflowPauseSchema).optional(),
});

/** {@link WorkflowMeta}. */
export const WorkflowMetaSchema: WireSchema<WorkflowMeta> = openObject<WorkflowMeta>()({
  taskId: z.string(),
  status: field(TaskStatusSchema),
  steps: z.array(field(StepState)),
  pause: field(WorkflowPauseSchema).optional(),
  remaining: z.array(field(RemainingStep)),
  matchedStep: z.string().optional(),
  warning: z.string().optional(),
  pollable: z.literal(false).optional(),
});
