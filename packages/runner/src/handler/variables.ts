import { TaskError } from '@mcp-tasks/store';
import type { JsonValue } from '@mcp-tasks/wire';
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

/**
 * Check the variables that change with the variables' schema. The others may still be missing, and what does not
 * belong to one variable is not for a partial check.
 */
function misfits(
  schema: AuthorSchema,
  current: Readonly<Record<string, JsonValue>>,
  values: Readonly<Record<string, unknown>>,
): string | undefined | Promise<string | undefined> {
  const set = Object.keys(values).filter((name) => values[name] !== null);
  const changed = Object.entries(values).map(([name, value]) => [name, value ?? undefined]);
  const merged: unknown = { ...current, ...Object.fromEntries(changed) };
  const judge = (result: Awaited<ReturnType<AuthorSchema['~standard']['validate']>>): string | undefined => {
    const own = (result.issues ?? []).filter(({ path }) => {
      const first = path?.[0];
      return first !== undefined && set.includes(String(typeof first === 'object' ? first.key : first));
    });
    return own.length === 0 ? undefined : formatIssues(own);
  };
  const result = schema['~standard'].validate(merged);
  return result instanceof Promise ? result.then(judge) : judge(result);
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
