/**
 * The form of a question, made of an author's schema. Forms are flat objects of primitive fields, and schema libraries
 * say the same things in more ways than that: shared parts by `$ref`, one value by `const`, choices with titles by
 * `anyOf`. These are served as the protocol allows; what it does not allow is refused by the name of its field.
 *
 * See 2025-11-25, Elicitation, "Requested Schema"; the same in 2026-07-28.
 */
import { isJsonObject, type JsonObject } from '@mcp-tasks/wire';
import type { AuthorSchema } from '../api/schema.ts';
import { schemaProblem } from './schema-problem.ts';

/**
 * Keywords that a form field may have, by type. `pattern` is in the prose of the protocol, not in its schema. Clients
 * that do not know it leave it out; the answer is checked with it here.
 */
const FIELD_KEYWORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  string: new Set(['minLength', 'maxLength', 'pattern', 'format', 'enum', 'enumNames', 'oneOf']),
  number: new Set(['minimum', 'maximum']),
  integer: new Set(['minimum', 'maximum']),
  boolean: new Set(),
  array: new Set(['minItems', 'maxItems', 'items']),
};
const FIELD_ANNOTATIONS: ReadonlySet<string> = new Set(['type', 'title', 'description', 'default']);
/** Keywords that say nothing about a value, and that forms do not have. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  'id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);
const STRING_FORMATS: ReadonlySet<unknown> = new Set(['email', 'uri', 'date', 'date-time']);
/** A chain of references that is longer leads nowhere. */
const MAX_REFERENCES = 32;

type Json = Readonly<Record<string, unknown>>;

/** Says what is wrong with a field. */
type Refuse = (what: string) => TypeError;

/** The fields of a form: the JSON Schema of each, and which of them stand for null when they are left out. */
interface Form {
  readonly schema: JsonObject;
  readonly nullFields: readonly string[];
}

const forms = new WeakMap<AuthorSchema, Form>();

/**
 * The form of an author's schema.
 *
 * @throws {TypeError} the schema is not an object of primitive fields: the message names field and way out.
 */
export function formOf(where: string, schema: AuthorSchema): JsonObject {
  return madeForm(where, schema).schema;
}

/**
 * Make of a form's content what the author's schema takes: without properties that were not asked, where it refuses
 * them, and with `null` where a field that may be null was left out.
 */
export function askedContent(schema: AuthorSchema, content: JsonObject): JsonObject {
  const json = inputJsonSchema(schema);
  const { properties } = json;
  const isOpen = json['additionalProperties'] !== false || !isJsonObject(properties);
  const asked = isOpen
    ? content
    : Object.fromEntries(Object.entries(content).filter(([name]) => Object.hasOwn(properties, name)));
  const nulls = madeForm('The form', schema).nullFields.filter((name) => !Object.hasOwn(asked, name));
  return nulls.length === 0 ? asked : { ...asked, ...Object.fromEntries(nulls.map((name) => [name, null])) };
}

function madeForm(where: string, schema: AuthorSchema): Form {
  const known = forms.get(schema);
  if (known !== undefined) return known;
  const problem = schemaProblem(schema, 'input');
  if (problem !== undefined) throw new TypeError(`${where}: the schema ${problem}.`);
  const root = inputJsonSchema(schema);
  const refuse: Refuse = (what) => new TypeError(`${where}: ${what}.`);
  const { type, properties, required } = resolved(root, root, refuse);
  if (type !== 'object') throw refuse('the schema must describe an object');
  const given = isJsonObject(properties) ? properties : {};
  const isRequired = (name: string) => Array.isArray(required) && required.includes(name);
  const nullFields: string[] = [];
  const fields = Object.entries(given).map(([name, field]): [string, Json] => {
    const refuseField: Refuse = (what) => refuse(`field "${name}" ${what}`);
    const { field: plain, isNullable } = withoutNull(resolved(field, root, refuseField), root, refuseField);
    if (isNullable && isRequired(name)) nullFields.push(name);
    return [name, primitiveField(flattened(plain, root, refuseField), refuseField)];
  });
  const needed = Object.keys(given).filter((name) => isRequired(name) && !nullFields.includes(name));
  const form: Form = {
    schema: {
      type,
      properties: Object.fromEntries(fields) as JsonObject,
      ...(needed.length > 0 && { required: needed }),
    },
    nullFields,
  };
  forms.set(schema, form);
  return form;
}

function inputJsonSchema(schema: AuthorSchema): Json {
  return schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
}

/** Follow references inside the schema; what stands beside a reference counts more. */
function resolved(schema: unknown, root: Json, refuse: Refuse): Json {
  let present: Json = isJsonObject(schema) ? schema : {};
  for (let followed = 0; followed < MAX_REFERENCES; followed++) {
    const { $ref, allOf, ...beside } = present;
    const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
    if ($ref === undefined && only === undefined) return present;
    const target = $ref === undefined ? only : targetOf($ref, root);
    if (!isJsonObject(target)) throw refuse(`refers to ${JSON.stringify($ref)}, which the schema does not have`);
    present = { ...target, ...beside };
  }
  throw refuse('refers to itself');
}

function targetOf(reference: unknown, root: Json): unknown {
  if (reference === '#') return root;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return undefined;
  const steps = reference.slice(2).split('/');
  return steps
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (place, step) => (isJsonObject(place) && Object.hasOwn(place, step) ? place[step] : undefined),
      root,
    );
}

/** Forms know no null: a field that may be null is one that may be left out. */
function withoutNull(field: Json, root: Json, refuse: Refuse): { readonly field: Json; readonly isNullable: boolean } {
  const { type, anyOf, ...beside } = field;
  const { default: preset, ...rest } = beside as Json;
  const kept = preset === null || preset === undefined ? rest : beside;
  if (Array.isArray(type) && type.includes('null')) {
    const [only, ...others] = type.filter((name) => name !== 'null') as readonly unknown[];
    return { field: { ...kept, type: others.length === 0 ? only : type }, isNullable: true };
  }
  if (!Array.isArray(anyOf)) return { field, isNullable: false };
  const branches = anyOf.map((branch) => resolved(branch, root, refuse));
  const others = branches.filter((branch) => branch['type'] !== 'null');
  if (others.length === branches.length) return { field, isNullable: false };
  const [only, ...more] = others;
  return { field: more.length === 0 ? { ...only, ...kept } : { ...kept, anyOf: others }, isNullable: true };
}

/** Say a field in the words of forms, where there are some. */
function flattened(field: Json, root: Json, refuse: Refuse): Json {
  const { anyOf, oneOf, const: only, items, exclusiveMinimum, exclusiveMaximum, ...beside } = field;
  const shown = Object.fromEntries(Object.entries(beside).filter(([keyword]) => !NOT_SHOWN.has(keyword)));
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches)) {
    const choices = choicesOf(branches, root, refuse);
    if (choices === undefined) throw refuse('must be a string, number, integer, boolean or an array of choices');
    return { ...shown, type: 'string', ...choices };
  }
  if (typeof only === 'string') return { ...shown, type: 'string', enum: [only] };
  if (typeof only === 'number') return { ...shown, type: shown['type'] ?? 'number', minimum: only, maximum: only };
  if (only !== undefined)
    throw refuse(`cannot be ${JSON.stringify(only)} alone: use z.boolean(), and look at the answer`);
  return {
    ...shown,
    ...(items !== undefined && { items: choicesOfList(items, root, refuse) }),
    ...openBound('minimum', exclusiveMinimum, shown, 1),
    ...openBound('maximum', exclusiveMaximum, shown, -1),
  };
}

/** An open bound of whole numbers is the next whole number. */
function openBound(name: 'minimum' | 'maximum', bound: unknown, field: Json, step: number): Json {
  if (bound === undefined) return {};
  const opened = name === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum';
  if (field['type'] !== 'integer' || typeof bound !== 'number') return { [opened]: bound };
  const next = step > 0 ? Math.floor(bound) + step : Math.ceil(bound) + step;
  const other = field[name];
  if (typeof other !== 'number') return { [name]: next };
  return { [name]: step > 0 ? Math.max(next, other) : Math.min(next, other) };
}

/** One text of a choice, with its title if it has one. */
interface Choice {
  readonly const: string;
  readonly title: unknown;
}

/** A union of texts as a choice: with titles when one of them has a title. */
function choicesOf(branches: readonly unknown[], root: Json, refuse: Refuse): Json | undefined {
  const choices: Choice[] = [];
  for (const branch of branches) {
    const { const: only, enum: several, title } = resolved(branch, root, refuse);
    const texts = only === undefined ? several : [only];
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) return undefined;
    choices.push(...texts.map((text) => ({ const: text, title: texts.length === 1 ? title : undefined })));
  }
  return choices.some(({ title }) => title !== undefined)
    ? { oneOf: titled(choices) }
    : { enum: choices.map((choice) => choice.const) };
}

function titled(choices: readonly Choice[]): readonly Json[] {
  return choices.map(({ const: text, title }) => ({ const: text, title: typeof title === 'string' ? title : text }));
}

/** The choices of a list, of which several may be chosen. */
function choicesOfList(items: unknown, root: Json, refuse: Refuse): Json {
  const item = resolved(items, root, refuse);
  const { anyOf, oneOf, const: only, enum: several } = item;
  const branches = anyOf ?? oneOf ?? (only === undefined && several === undefined ? undefined : [item]);
  const choices = Array.isArray(branches) ? choicesOf(branches, root, refuse) : undefined;
  if (choices === undefined) throw refuse('must list its choices, as in z.array(z.enum([...]))');
  return 'enum' in choices ? { type: 'string', ...choices } : { anyOf: choices['oneOf'] };
}

function primitiveField(field: Json, refuse: Refuse): Json {
  const { type, pattern, ...rest } = field;
  const keywords = typeof type === 'string' && Object.hasOwn(FIELD_KEYWORDS, type) ? FIELD_KEYWORDS[type] : undefined;
  if (keywords === undefined) throw refuse('must be a string, number, integer, boolean or an array of choices');
  // With a known format, a schema library's own pattern only repeats it.
  const isPatternSaid = pattern === undefined || STRING_FORMATS.has(rest['format']);
  const checked: Json = { type, ...rest, ...(!isPatternSaid && { pattern }) };
  for (const keyword of Object.keys(checked)) {
    if (!keywords.has(keyword) && !FIELD_ANNOTATIONS.has(keyword))
      throw refuse(`cannot have the constraint "${keyword}"`);
  }
  if (checked['format'] !== undefined && !STRING_FORMATS.has(checked['format'])) {
    throw refuse('can only have the format "email", "uri", "date" or "date-time"');
  }
  if (type === 'array' && checked['items'] === undefined) throw refuse('must list its choices');
  return checked;
}
