/** The values that one option takes. */
export interface OptionKind {
  /** Ends the sentence "NAME must be ...". */
  readonly expected: string;
  /** Whether the value has the right type. */
  fits(value: unknown): boolean;
  /** Whether a value of the right type is in range; absent = all are. */
  isInRange?(value: never): boolean;
  /** The kind of each of its values, where it is an array. */
  readonly items?: OptionKind | undefined;
  /** The options inside it, where it is an object of options. */
  readonly fields?: OptionTable | undefined;
  /** The texts that it takes, where it takes no others. */
  readonly names?: readonly string[] | undefined;
}

/** The kind of each option, by its name. */
export type OptionTable = Readonly<Record<string, OptionKind>>;

/** A table that leaves out no option of a type and has none beside. */
export type OptionTableOf<Options> = { readonly [Name in keyof Required<Options>]: OptionKind };

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The kinds of options, for tables.
 *
 * @example
 * const table: OptionTableOf<{ drainMs?: number; anonymous?: 'refuse' | 'allow' }> = {
 *   drainMs: option.integer(0),
 *   anonymous: option.choice('refuse', 'allow'),
 * };
 */
export const option = {
  /** Any value: its own check follows, or there is none. */
  any: { expected: 'anything', fits: () => true } as OptionKind,
  /** A text, which may be empty. */
  text: { expected: 'a string', fits: (value) => typeof value === 'string' } as OptionKind,
  /** True or false. */
  flag: { expected: 'true or false', fits: (value) => typeof value === 'boolean' } as OptionKind,
  /** A function. */
  callback: { expected: 'a function', fits: (value) => typeof value === 'function' } as OptionKind,
  /** An object whose members are not looked at. */
  object: { expected: 'an object', fits: isObject } as OptionKind,
  /** An array whose members are not looked at. */
  list: { expected: 'an array', fits: Array.isArray } as OptionKind,

  /** Make the kind of an array, each value of which is checked. */
  listOf(items: OptionKind): OptionKind {
    return { expected: 'an array', fits: Array.isArray, items };
  },

  /** Make the kind of a safe integer between two bounds, both included. */
  integer(least: number, most = Number.MAX_SAFE_INTEGER): OptionKind {
    const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
    return {
      expected: `a whole number from ${least}${upTo}`,
      fits: (value) => typeof value === 'number',
      isInRange: (value: number) => Number.isSafeInteger(value) && value >= least && value <= most,
    };
  },

  /** Make the kind that takes one of some texts. */
  choice(...names: readonly string[]): OptionKind {
    const quoted = names.map((name) => `"${name}"`);
    const last = quoted.pop() ?? '';
    return {
      expected: quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`,
      fits: (value) => typeof value === 'string' && names.includes(value),
      names,
    };
  },

  /** Make the kind of an object that has these methods. */
  methods(expected: string, ...methods: readonly string[]): OptionKind {
    return {
      expected,
      fits: (value) =>
        typeof value === 'object' &&
        value !== null &&
        methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
    };
  },

  /** Make the kind of an object of options, each of which is checked. */
  fields(fields: OptionTable): OptionKind {
    return { expected: 'an object', fits: isObject, fields };
  },

  /** Make the kind that takes what either of two takes. */
  either(one: OptionKind, other: OptionKind): OptionKind {
    return {
      expected: `${one.expected} or ${other.expected}`,
      fits: (value) => one.fits(value) || other.fits(value),
      isInRange: (value) => [one, other].some((kind) => kind.fits(value) && (kind.isInRange?.(value) ?? true)),
    };
  },
} as const;
