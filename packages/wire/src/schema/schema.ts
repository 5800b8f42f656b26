import * as z from 'zod';
import { type WireIssue, WireParseError, type WireParseResult, type WireSchema } from './wire-schema.ts';

// How the schemas of this package are made. Not exported by the package: zod stays in here.

const MAX_PATH_LENGTH = 200;
const MAX_ISSUES = 20;

type Issues = readonly [WireIssue, ...WireIssue[]];

class ZodWireSchema<T> implements WireSchema<T> {
  readonly zod: z.ZodType<T>;

  constructor(zod: z.ZodType<T>) {
    this.zod = zod;
  }

  parse(value: unknown): T {
    const result = this.safeParse(value);
    if (!result.ok) throw new WireParseError(result.issues);
    return result.value;
  }

  safeParse(value: unknown): WireParseResult<T> {
    const result = this.zod.safeParse(value);
    if (result.success) return { ok: true, value: result.data };
    const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => wireIssue(issue, []));
    return { ok: false, issues: issues as unknown as Issues };
  }
}

/** The issue to show; for a union that of the alternative that was missed by least. */
function wireIssue(issue: z.core.$ZodIssue, parents: readonly PropertyKey[]): WireIssue {
  const path = [...parents, ...issue.path];
  if (issue.code === 'invalid_union') {
    const [best] = issue.errors.toSorted((a, b) => a.length - b.length);
    if (best?.[0] !== undefined && best[0].path.length > 0) return wireIssue(best[0], path);
  }
  return { path: pathText(path), message: issue.message };
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '').slice(0, MAX_PATH_LENGTH);
}

type Flat<T> = { -readonly [K in keyof T]: T[K] };
// Identity of types, optional fields included; mutual assignability does not see a forgotten optional field.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what makes the comparison an identity
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** The type of a shape: closed, or open when the interface itself has an index signature. */
type ShapeOf<T, Shape extends z.ZodRawShape> = string extends keyof T
  ? z.output<z.ZodObject<Shape, z.core.$loose>>
  : z.output<z.ZodObject<Shape>>;

/** Shows a mismatch in a compiler message. */
interface NotTheInterface<T, Shape> {
  readonly 'the shape differs from the interface': { readonly interface: T; readonly shape: Shape };
}

type MustBe<T, Actual> = Same<Flat<T>, Flat<Actual>> extends true ? unknown : NotTheInterface<Flat<T>, Flat<Actual>>;

/** Make a schema of a zod type for exactly `T`. */
export function schemaOf<T>(zod: z.ZodType<T>): WireSchema<T> {
  return new ZodWireSchema(zod);
}

/** Make the schema of an open object. Does not compile unless the shape is the interface, field by field, both ways. */
export function openObject<T>() {
  return <Shape extends z.ZodRawShape>(shape: MustBe<T, ShapeOf<T, Shape>> & Shape): WireSchema<T> =>
    schemaOf<T>(z.looseObject(shape) as unknown as z.ZodType<T>);
}

type ValueOf<S> = S extends WireSchema<infer T> ? T : never;

/** Make the schema of a union. Does not compile unless its members are the union, both ways. */
export function oneOf<T>() {
  return <const Members extends readonly WireSchema<unknown>[]>(
    members: Members &
      (Same<T, ValueOf<Members[number]>> extends true ? unknown : NotTheInterface<T, ValueOf<Members[number]>>),
    discriminator?: string,
  ): WireSchema<T> => {
    const types = members.map(field) as unknown as [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]];
    const union = discriminator === undefined ? z.union(types) : z.discriminatedUnion(discriminator, types);
    return schemaOf<T>(union as unknown as z.ZodType<T>);
  };
}

/** The zod type of a schema, to be a field of another one. */
export function field<T>(schema: WireSchema<T>): z.ZodType<T> {
  if (schema instanceof ZodWireSchema) return schema.zod as z.ZodType<T>;
  throw new TypeError('The schema must be made by this package.');
}
