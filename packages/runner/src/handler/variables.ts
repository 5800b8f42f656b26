import { TaskError } from '@mcp-tasks/store';
import type { JsonValue } from '@mcp-tasks/wire';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AuthorSchema } from '../api/schema.ts';
import type { TaskContext } from '../api/task-context.ts';
import { checkUsedName } from '../tool/names.ts';
import { formatIssues } from '../tool/parse-with.ts';
import { sentence } from '../tool/sentence.ts';
import type { EffectWatch } from './effect-watch.ts';
import { type HandlerHost, throwIfEnded } from './handler-host.ts';
import type { VariableMap } from './variable-map.ts';

type VariableMethods = Pick<TaskContext, 'get' | 'set' | 'merge' | 'delete' | 'publish'>;

/** The variables of one run, private and published. */
export function taskVariables(host: HandlerHost, watch: EffectWatch): VariableMethods {
  const { entries, tool } = host;
  const { limits } = host.layer;

  const store = (map: VariableMap, values: Readonly<Record<string, unknown>>): Promise<void> => {
    const change = map.change(values, limits);
    if (change.put.length === 0 && change.delete.length === 0) return Promise.resolve();
    map.apply(change);
    return host.effects.record(change);
  };
  // Not async up to the write, so that what is set can be read at once.
  const merge = (values: Readonly<Record<string, unknown>>): Promise<void> => {
    throwIfEnded(host);
    for (const name of Object.keys(values)) checkUsedName('A variable name', name);
    const { variables } = entries;
    const { variables: schema } = tool.options;
    if (schema === undefined) return store(variables, values);
    // The limits come first: what is too large or too deep reaches no schema.
    variables.change(values, limits);
    const issues = misfits(schema, variables.toObject(), values);
    if (!(issues instanceof Promise)) {
      refuseMisfits(issues);
      return store(variables, values);
    }
    return issues.then((found) => {
      refuseMisfits(found);
      return store(variables, values);
    });
  };
  const publish = (name: string, value: JsonValue): Promise<void> => {
    throwIfEnded(host);
    checkUsedName('A published name', name);
    return store(entries.published, { [name]: value });
  };

  return {
    get: (name: string, schema?: AuthorSchema) => {
      const value = entries.variables.get(name);
      return value === undefined || schema === undefined ? value : parseVariable(name, schema, value);
    },
    set: (name: string, value: unknown) =>
      watch.effect({ method: 'set', names: [name] }, () => merge({ [name]: value })),
    merge: (values: Readonly<Record<string, unknown>>) =>
      watch.effect({ method: 'merge', names: namesOf(values) }, () => merge(values)),
    delete: (name: string) => watch.effect({ method: 'delete', names: [name] }, () => merge({ [name]: null })),
    publish: (name: string, value: JsonValue) =>
      watch.effect({ method: 'publish', names: [name] }, () => publish(name, value)),
  } as VariableMethods;
}

/** Of what may be anything in JavaScript. */
function namesOf(values: unknown): readonly string[] {
  return typeof values === 'object' && values !== null ? Object.keys(values) : [];
}

type Checked = Awaited<ReturnType<AuthorSchema['~standard']['validate']>>;

/**
 * Check variables after a change with their schema. Those that were never set may still be missing. Any other fault
 * that the change makes counts: of what is set, of another variable beside it, and of the object as a whole.
 */
function misfits(
  schema: AuthorSchema,
  current: Readonly<Record<string, JsonValue>>,
  values: Readonly<Record<string, unknown>>,
): string | undefined | Promise<string | undefined> {
  const changed = Object.entries(values).map(([name, value]): [string, unknown] => [name, value ?? undefined]);
  const merged: Readonly<Record<string, unknown>> = { ...current, ...Object.fromEntries(changed) };
  const isSet = (name: string) => Object.hasOwn(values, name) && values[name] !== null;
  const judge = ({ issues = [] }: Checked): string | undefined | Promise<string | undefined> => {
    const counted = issues.filter((issue) => {
      const name = variableOf(issue);
      return name === undefined || merged[name] !== undefined;
    });
    const isOfOthers = (issue: StandardSchemaV1.Issue) => {
      const name = variableOf(issue);
      return name !== undefined && !isSet(name);
    };
    if (!counted.some(isOfOthers)) return saidOf(counted);
    // What another version of the tool stored must not hold up every change.
    const without = (before: Checked) => {
      const known = new Set((before.issues ?? []).map(variableOf));
      return saidOf(counted.filter((issue) => !isOfOthers(issue) || !known.has(variableOf(issue))));
    };
    const before: Checked | Promise<Checked> = schema['~standard'].validate(current);
    return before instanceof Promise ? before.then(without) : without(before);
  };
  const result = schema['~standard'].validate(merged);
  return result instanceof Promise ? result.then(judge) : judge(result);
}

/** The variable that an issue is about; undefined = the object as a whole. */
function variableOf({ path }: StandardSchemaV1.Issue): string | undefined {
  const first = path?.[0];
  return first === undefined ? undefined : String(typeof first === 'object' ? first.key : first);
}

function saidOf(issues: readonly StandardSchemaV1.Issue[]): string | undefined {
  return issues.length === 0 ? undefined : formatIssues(issues);
}

function refuseMisfits(issues: string | undefined): void {
  if (issues === undefined) return;
  throw new TaskError('VARIABLE_INVALID', sentence(`The variables do not fit the tool's schema: ${issues}`));
}

function parseVariable(name: string, schema: AuthorSchema, value: JsonValue): unknown {
  const parsed = schema['~standard'].validate(value);
  if (parsed instanceof Promise) throw new TypeError(`Variable "${name}": the schema of get must be synchronous.`);
  if (parsed.issues === undefined) return parsed.value;
  throw new TaskError('VARIABLE_INVALID', sentence(`Variable "${name}" does not fit: ${formatIssues(parsed.issues)}`), {
    details: { variable: name },
  });
}
