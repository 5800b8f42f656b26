import { checkCopy, MADE_BY } from '@mcp-tasks/store/rules';
import type { Ref, Refs, UntypedRef } from '../api/reference-types.ts';
import type { ValueSource } from './source.ts';

/** The meaning of a reference, and the workflow that it belongs to. */
export interface Reference {
  /** Names the workflow in errors; two builds of one name are two origins. */
  readonly origin: Origin;
  readonly source: ValueSource;
}

/** A workflow while it is defined. */
export interface Origin {
  readonly workflow: string;
}

/** Names this copy of the package; references of another copy must not pass for constants. */
const THIS_COPY = import.meta.url;

const REFERENCES = new WeakMap<object, Reference>();

/** The target of a reference; `undefined` for a constant. @throws {TaskError} COPIES_MIXED - it is of another copy. */
export function referenceOf(value: unknown): Reference | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const reference = REFERENCES.get(value);
  if (reference === undefined) checkCopy(value, THIS_COPY, 'The reference');
  return reference;
}

/**
 * A field that the types do not know: of an output without a schema, or of an array by number. Checked when the
 * workflow runs.
 *
 * @example
 * workflow(tasks, 'tell', { description: 'Tell the team' }, ({ step }) => {
 *   const report = step('report', { client: true, tool: 'make_report' });
 *   step('notify', { client: true, tool: 'notify', arguments: { name: field(report.output, 'name') } });
 * });
 */
export function field(ref: Ref<unknown>, ...path: readonly (string | number)[]): UntypedRef {
  const { origin, source } = referenceOf(ref) ?? {};
  if (origin === undefined || source === undefined)
    throw new TypeError('The first argument of field must be a reference.');
  return makeReference(origin, { ...source, path: [...source.path, ...path.map(String)] });
}

/** A reference to a value, and through its properties to the fields of that value. */
export function makeReference(origin: Origin, source: ValueSource): UntypedRef {
  const fields = fieldProxy(origin, (name) => makeReference(origin, { ...source, path: [...source.path, name] }));
  REFERENCES.set(fields, { origin, source });
  return fields as UntypedRef;
}

const WHOLE_ARGUMENTS = new WeakSet();

/** References to the prompt arguments, by name. */
export function argumentReferences<Args>(origin: Origin): Refs<Args> {
  const args = fieldProxy(origin, (name) => makeReference(origin, { from: 'argument', name, path: [] }));
  WHOLE_ARGUMENTS.add(args);
  return args as Refs<Args>;
}

/** Tell whether a value stands for all prompt arguments at once. */
export function isWholeArguments(value: unknown): boolean {
  return typeof value === 'object' && value !== null && WHOLE_ARGUMENTS.has(value);
}

/**
 * An object each of whose properties is made when it is looked at. A reference used as a text or number is a mistake.
 */
function fieldProxy(origin: Origin, field: (name: string) => unknown): object {
  return new Proxy(
    {},
    {
      get: (_target, key) => {
        if (typeof key === 'string') return field(key);
        if (key === MADE_BY) return THIS_COPY;
        if (key !== Symbol.toPrimitive) return undefined;
        return () => {
          throw new TypeError(
            `Workflow "${origin.workflow}": a reference was used as a text or number. Its value is known only when the workflow runs: pass it as an argument, or name it in the \`variables\` of a template.`,
          );
        };
      },
      set: () => {
        throw new TypeError(`Workflow "${origin.workflow}": a reference cannot be written to.`);
      },
    },
  );
}
