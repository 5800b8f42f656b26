import { isJsonObject, type JsonObject, type JsonValue } from '@mcp-tasks/wire';
import type { ValueBinding } from '../definition/binding.ts';
import { type StepDefinition, stepNamed, type WorkflowDefinition } from '../definition/definition.ts';
import { pathOf } from '../definition/json-schema.ts';
import { quotedUnlessName, shorten } from '../definition/shown-text.ts';
import { describeSource, type Path, type ValueSource } from '../definition/source.ts';
import { outputOf } from './outcome.ts';
import { planStep, type WorkflowState } from './state.ts';

/** The value of a source now, or why there is none. */
export type Resolved =
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** It may be absent, and is: an argument that is made of it is left out. */
  | { readonly kind: 'absent' }
  | Unresolved;

/** Why nothing comes of a source now. */
export type Unresolved =
  /** Its step is not over. */
  | { readonly kind: 'waiting'; readonly source: ValueSource; readonly producer: string }
  /** Its step failed or was skipped. */
  | { readonly kind: 'lost'; readonly source: ValueSource; readonly producer: string }
  /** Its step is done, and the value is not there. */
  | { readonly kind: 'missing'; readonly source: ValueSource; readonly cause: string };

/** A workflow as it stands now: its definition, and how far its plan is. */
export interface WorkflowNow {
  readonly definition: WorkflowDefinition;
  readonly state: WorkflowState;
}

/** Look up what a source gives now. */
export function resolveSource(now: WorkflowNow, source: ValueSource): Resolved {
  if (source.from === 'argument') return argumentValue(now, source);
  const producer = planStep(now.state, source.step);
  if (producer === undefined || producer.status === 'failed' || producer.status === 'skipped') {
    return { kind: 'lost', source, producer: source.step };
  }
  if (producer.status !== 'completed') return { kind: 'waiting', source, producer: source.step };
  if (source.from === 'output') return outputValue(now, source);
  const value = now.state.variableOf(source.step, source.name);
  if (value !== undefined) return valueAt(value, source.path, source, () => false);
  const because = producer.by === 'client' ? ': the client did it, whose calls keep no variables' : '';
  return { kind: 'missing', source, cause: `step ${source.step} set no variable ${source.name}${because}` };
}

function argumentValue({ state }: WorkflowNow, source: ValueSource & { readonly from: 'argument' }): Resolved {
  const { arguments: args } = state.plan;
  // One that had to be there was asked for when the task was made.
  if (!Object.hasOwn(args, source.name)) return { kind: 'absent' };
  return valueAt(args[source.name] ?? null, source.path, source, () => false);
}

function outputValue({ definition, state }: WorkflowNow, source: ValueSource & { readonly from: 'output' }): Resolved {
  const value = outputOf(state, source.step);
  if (value === undefined) return { kind: 'missing', source, cause: `step ${source.step} has no output` };
  const schema = stepNamed(definition, source.step)?.outputSchema;
  return valueAt(value, source.path, source, (at) => pathOf(schema, at).known === 'optional');
}

function valueAt(value: JsonValue, path: Path, source: ValueSource, mayBeAbsent: (at: Path) => boolean): Resolved {
  let present = value;
  for (const [index, key] of path.entries()) {
    const at = path.slice(0, index + 1);
    const field = fieldOf(present, key);
    if (field === undefined) {
      return mayBeAbsent(at)
        ? { kind: 'absent' }
        : { kind: 'missing', source, cause: absence(present, path.slice(0, index), key) };
    }
    present = field;
  }
  return { kind: 'value', value: present };
}

function fieldOf(value: JsonValue, key: string): JsonValue | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? (value as readonly JsonValue[])[Number(key)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

const MAX_NAMED_FIELDS = 10;
const MAX_FIELD_NAME_BYTES = 128;

function absence(value: JsonValue, path: Path, key: string): string {
  const where = path.length === 0 ? 'it' : path.join('.');
  if (Array.isArray(value)) return `${where} is an array of ${value.length} without an item ${key}`;
  if (!isJsonObject(value))
    return `${where} is ${value === null ? 'null' : `a ${typeof value}`} and has no field ${key}`;
  const names = Object.keys(value);
  const first = names.slice(0, MAX_NAMED_FIELDS).map((name) => quotedUnlessName(shorten(name, MAX_FIELD_NAME_BYTES)));
  const shown = first.join(', ') + (names.length > MAX_NAMED_FIELDS ? ', …' : '');
  return `${where} has no field ${key}, only ${names.length === 0 ? 'none at all' : shown}`;
}

/** The value of a binding, with a placeholder for each part that is not known yet. */
interface Bound {
  /** `undefined` = left out. */
  readonly value: JsonValue | undefined;
  readonly unresolved: readonly Unresolved[];
}

function bound(now: WorkflowNow, binding: ValueBinding): Bound {
  switch (binding.kind) {
    case 'constant':
      return { value: binding.value, unresolved: [] };
    case 'source': {
      const resolved = resolveSource(now, binding.source);
      if (resolved.kind === 'value') return { value: resolved.value, unresolved: [] };
      if (resolved.kind === 'absent') return { value: undefined, unresolved: [] };
      return { value: `<${describeSource(binding.source)}>`, unresolved: [resolved] };
    }
    case 'array': {
      const items = binding.items.map((item) => bound(now, item));
      return {
        value: items.map(({ value }) => value ?? null),
        unresolved: items.flatMap(({ unresolved }) => unresolved),
      };
    }
    case 'object': {
      const fields = binding.fields.map(([name, field]) => [name, bound(now, field)] as const);
      const present = fields.flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value] as const]));
      return {
        value: Object.fromEntries(present),
        unresolved: fields.flatMap(([, { unresolved }]) => unresolved),
      };
    }
  }
}

/** The arguments of a step as far as they are known. */
export interface ResolvedArguments {
  /** All of them; what is not known yet is a placeholder in angle brackets. */
  readonly shown: JsonObject;
  /** Those that are known. */
  readonly known: JsonObject;
  /** Those that are not, and why; in the order of the definition. */
  readonly unresolved: ReadonlyMap<string, Unresolved>;
}

/** Look up the arguments of a step, one by one. */
export function resolveArguments(now: WorkflowNow, step: StepDefinition): ResolvedArguments {
  const shown: [string, JsonValue][] = [];
  const known: [string, JsonValue][] = [];
  const unresolved = new Map<string, Unresolved>();
  for (const [name, binding] of step.arguments) {
    const { value, unresolved: reasons } = bound(now, binding);
    if (value === undefined) continue;
    shown.push([name, value]);
    const worst = gravest(reasons);
    if (worst === undefined) known.push([name, value]);
    else unresolved.set(name, worst);
  }
  return { shown: Object.fromEntries(shown), known: Object.fromEntries(known), unresolved };
}

const GRAVITY = ['lost', 'missing', 'waiting'] as const;

/** The reason that says most: what can only be mended goes before what merely takes time. */
export function gravest<Reason extends Unresolved>(reasons: Iterable<Reason>): Reason | undefined {
  const all = [...reasons];
  return GRAVITY.map((kind) => all.find((reason) => reason.kind === kind)).find((reason) => reason !== undefined);
}
