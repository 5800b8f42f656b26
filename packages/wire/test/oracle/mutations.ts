/** One change of one place in a value. */
export interface Mutation {
  /** Keys from the root to the changed place; empty for the value itself. */
  readonly path: readonly PropertyKey[];
  /** The whole value after the change. */
  apply(): unknown;
}

/** Every JSON type, and the borders that schemas draw: sign, fraction, safe integer, word of a list. */
const REPLACEMENTS: readonly unknown[] = [
  null,
  true,
  0,
  1.5,
  -1,
  2 ** 53,
  1e300,
  '',
  'other',
  [],
  ['other'],
  [1],
  {},
  { other: 1 },
];

/** Every change of one place: each field removed and retyped, an unknown field added to each object. */
export function mutationsOf(value: unknown): Mutation[] {
  return pathsOf(value, []).flatMap((path) => {
    const retyped = REPLACEMENTS.map((replacement) => ({ path, apply: () => put(value, path, replacement) }));
    const place = at(value, path);
    const inArray = path.length === 0 || Array.isArray(at(value, path.slice(0, -1)));
    const added = [...path, 'xUnknown'];
    return [
      ...retyped,
      ...(inArray ? [] : [{ path, apply: () => put(value, path, REMOVE) }]),
      ...(isObject(place) ? [{ path: added, apply: () => put(value, added, 1) }] : []),
    ];
  });
}

const REMOVE = Symbol('remove');

type Container = Record<PropertyKey, unknown>;

function isObject(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pathsOf(value: unknown, path: readonly PropertyKey[]): (readonly PropertyKey[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((place, key) => (place as Container)[key], value);
}

function put(value: unknown, path: readonly PropertyKey[], replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Container;
  if (rest.length === 0 && replacement === REMOVE) {
    return Object.fromEntries(Object.entries(copy).filter(([name]) => name !== key));
  }
  copy[key] = put(copy[key], rest, replacement);
  return copy;
}
