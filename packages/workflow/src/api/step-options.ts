import type { AuthorSchema, TaskTool } from '@mcp-tasks/runner';
import type { JsonValue } from '@mcp-tasks/wire';
import type { Bindings, Ref, Refs, Step, UntypedBindings } from './reference-types.ts';

/**
 * A text in which `{name}` stands for the prompt argument `name`, or for the entry `name` of `variables`. Filled in
 * once.
 */
export interface TextTemplate {
  readonly text: string;
  readonly variables: Readonly<Record<string, Ref<unknown>>>;
}

/**
 * A URI in which `{name}` stands for the prompt argument `name`, or for the entry `name` of `variables`,
 * percent-encoded.
 */
export interface UriTemplate {
  readonly uri: string;
  readonly variables: Readonly<Record<string, Ref<unknown>>>;
}

/** A condition: a reference holds when its value is truthy; with `is` or `isNot` the value is compared as JSON. */
export type When =
  | Ref<unknown>
  | { readonly value: Ref<unknown>; readonly is: JsonValue }
  | { readonly value: Ref<unknown>; readonly isNot: JsonValue };

/** A question to the person behind the client, asked as soon as its message can be filled in. */
export interface StepQuestion<Output> {
  readonly message: string | TextTemplate;
  /** An object of primitive fields; what the person answers is the step's output. */
  readonly schema: AuthorSchema<unknown, Output>;
}

/** Options of every step. */
interface CommonStepOptions {
  /** Advice on the step for the model or person who reads the conversation. */
  readonly guidance?: string | TextTemplate | undefined;
  /** Whether a call that failed, or was interrupted, may be repeated without harm; default false. */
  readonly retryable?: boolean | undefined;
  /** The step is skipped when this does not hold. */
  readonly when?: When | undefined;
  /** Steps that must be done (or skipped) before this one, beside those whose output it uses. */
  readonly after?: readonly Pick<Step, 'name'>[] | undefined;
}

type ArgumentsOption<Args> = unknown extends Args
  ? { readonly arguments?: UntypedBindings | undefined }
  : string extends keyof Args
    ? { readonly arguments?: Bindings<Args> | undefined }
    : Partial<Args> extends Args
      ? { readonly arguments?: Bindings<Args> | undefined }
      : { readonly arguments: Bindings<Args> };

type KnownArgumentsOption<Args> = unknown extends Args
  ? { readonly arguments?: UntypedBindings | undefined }
  : {
      /** The arguments that are known; the client adds the others. */
      readonly arguments?: Bindings<Partial<Args>> | undefined;
    };

/** A step that the server does: it calls a tool, or only reads resources. */
export type ServerStep<Args, Output> = CommonStepOptions &
  ArgumentsOption<NoInfer<Args>> & {
    readonly client?: false | undefined;
    readonly elicit?: undefined;
    /** A tool of the same task layer; without one the step only reads its resources. */
    readonly tool?: TaskTool<Args, Output> | undefined;
    /** Read before the tool is called, and shown in the conversation. Without a tool, their text is the output. */
    readonly resources?: readonly (string | UriTemplate)[] | undefined;
    /** How long one attempt may take; default the workflow's `stepTimeoutMs`. */
    readonly timeoutMs?: number | undefined;
  };

/** A step that only the client can do: with a tool, by a person who answers a form, or as its guidance says. */
export type ClientStep<Args, Output> = CommonStepOptions &
  KnownArgumentsOption<NoInfer<Args>> & {
    readonly client: true;
    readonly resources?: undefined;
    readonly timeoutMs?: undefined;
    /** A tool of the same task layer, or the name of one that the client has. */
    readonly tool?: TaskTool<Args, Output> | string | undefined;
    /** Ask the person behind the client, where the client can do so; elsewhere it stays a step as any other. */
    readonly elicit?: StepQuestion<Output> | undefined;
  };

/**
 * A step of a workflow.
 *
 * @example
 * workflow(tasks, 'deploy_service', { description: 'Deploy a service' }, ({ step }) => {
 *   const approve = step('approve', {
 *     client: true,
 *     elicit: { message: 'Deploy now?', schema: z.object({ sure: z.boolean() }) },
 *   });
 *   step('announce', { client: true, when: approve.output.sure, guidance: 'Tell the team.' });
 * });
 */
export type StepOptions<Args, Output> = ServerStep<Args, Output> | ClientStep<Args, Output>;

/** Adds the steps of a workflow. */
export interface WorkflowBuilder<Args> {
  /** References to the prompt's arguments, as their schema parses them. */
  readonly args: Refs<Args>;
  /**
   * Add a step to the plan.
   *
   * Steps run in this order, as far as what they need is there: one that waits, for the client or for a step that
   * failed, holds up only those that use its output or name it in `after`.
   *
   * @param name - unique in the workflow, 1 to 128 characters without `/` and line breaks, no member of every object
   * (`toString`); names the step for ever in stored plans.
   */
  readonly step: <Args, Output>(name: string, options: StepOptions<Args, Output>) => Step<Output>;
}
