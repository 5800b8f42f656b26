import type { JsonValue } from '@mcp-tasks/wire';

declare const VALUE: unique symbol;

/**
 * A typed reference to a value that is known only when the workflow runs: a prompt argument, an output, a variable.
 *
 * It is not a value: it cannot be read, compared or put into a text while the workflow is defined.
 */
export interface Ref<out Value> {
  readonly [VALUE]: Value;
}

/**
 * A reference whose fields are references too: `config.output.replicas` is the field `replicas` of what the step
 * `config` comes to.
 */
export type Refs<Value> = Ref<Value> & Fields<Value>;

/**
 * A reference to a value without a type: any field can be referred to, and it fits anywhere; checked when the workflow
 * runs.
 */
export interface UntypedRef extends Ref<never> {
  readonly [field: string]: UntypedRef;
}

/** `unknown` and `any`. */
type IsUntyped<Value> = unknown extends Value ? true : false;

/** The JSON form of a value that defines its own: a `Date` is a string. */
type Plain<Value> = Value extends { toJSON(): infer Json } ? Json : Value;

/** A field of a value that may be absent may be absent itself. */
type Maybe<Value> = Extract<Value, null | undefined> extends never ? never : undefined;

type Fields<Value> =
  NonNullable<Value> extends readonly (infer Item)[]
    ? { readonly [index: number]: Output<Item | Maybe<Value>> }
    : NonNullable<Value> extends object
      ? { readonly [Name in keyof NonNullable<Value>]-?: Output<NonNullable<Value>[Name] | Maybe<Value>> }
      : unknown;

/** A reference to what a step comes to, or to a part of it. */
export type Output<Value> = IsUntyped<Value> extends true ? UntypedRef : Refs<Plain<Value>>;

/** A binding of a value: the value as a constant, a reference to one, or an object or array of them. */
export type Binding<Value> =
  IsUntyped<Value> extends true
    ? UntypedBinding
    : | Value
      | Ref<Value>
      | (Value extends readonly (infer Item)[]
          ? readonly Binding<Item>[]
          : Value extends object
            ? Bindings<Value>
            : never);

type UntypedBinding =
  JsonValue | Ref<unknown> | readonly UntypedBinding[] | { readonly [name: string]: UntypedBinding };

/** The arguments of a tool, each a constant or a reference. */
export type Bindings<Args> = {
  readonly [Name in keyof Args]: Binding<
    Args[Name] | (Partial<Pick<Args, Name>> extends Pick<Args, Name> ? undefined : never)
  >;
};

/** The arguments of a tool whose schema is not known. */
export type UntypedBindings = Readonly<Record<string, UntypedBinding>>;

/** A step, for the steps after it. */
export interface Step<Value = unknown> {
  readonly name: string;
  /** The output of the step: the tool's structured content, else its text. Its fields can be referred to. */
  readonly output: Output<Value>;
  /** A variable that the tool set with `task.set` while the server ran the step. */
  variable(name: string): UntypedRef;
}
