import type { MessageMeta, ResultMeta } from './json-rpc.ts';

interface FormFieldBase {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
}

/** A field for free text. */
export interface StringFormField extends FormFieldBase {
  readonly type: 'string';
  /** In characters. */
  readonly minLength?: number | undefined;
  /** In characters. */
  readonly maxLength?: number | undefined;
  readonly format?: 'email' | 'uri' | 'date' | 'date-time' | undefined;
  readonly default?: string | undefined;
}

/** A field for a number. */
export interface NumberFormField extends FormFieldBase {
  readonly type: 'number' | 'integer';
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly default?: number | undefined;
}

/** A yes-or-no field. */
export interface BooleanFormField extends FormFieldBase {
  readonly type: 'boolean';
  readonly default?: boolean | undefined;
}

/** A choice of one. */
export interface ChoiceFormField extends FormFieldBase {
  readonly type: 'string';
  readonly enum: string[];
  /** Titles of the values in the same order; an older form of {@link TitledChoiceFormField}. */
  readonly enumNames?: string[] | undefined;
  readonly default?: string | undefined;
}

/** One value of a choice with the title that the person sees. */
export interface FormOption {
  readonly const: string;
  readonly title: string;
}

/** A choice of one, with titles. */
export interface TitledChoiceFormField extends FormFieldBase {
  readonly type: 'string';
  readonly oneOf: FormOption[];
  readonly default?: string | undefined;
}

/** The values of a choice of several. */
export interface FormValues {
  readonly type: 'string';
  readonly enum: string[];
}

/** The values of a choice of several, with titles. */
export interface TitledFormValues {
  readonly anyOf: FormOption[];
}

/** A choice of several. */
export interface MultiChoiceFormField extends FormFieldBase {
  readonly type: 'array';
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly items: FormValues | TitledFormValues;
  readonly default?: string[] | undefined;
}

/** A field of a form. @see 2025-11-25, Elicitation, "Requested Schema"; the same in 2026-07-28 */
export type FormField =
  StringFormField | NumberFormField | BooleanFormField | ChoiceFormField | TitledChoiceFormField | MultiChoiceFormField;

/** The form of a question: an object of primitive fields. */
export interface FormSchema {
  readonly $schema?: string | undefined;
  readonly type: 'object';
  readonly properties: Record<string, FormField>;
  readonly required?: string[] | undefined;
}

/** Params of `elicitation/create` with a form, the same in both generations. @see 2025-11-25, Elicitation, "Form Mode" */
export interface ElicitFormParams {
  readonly mode?: 'form' | undefined;
  /** What the person is told. */
  readonly message: string;
  readonly requestedSchema: FormSchema;
  readonly _meta?: MessageMeta | undefined;
}

/** Params of `elicitation/create` with an address to visit. @see 2026-07-28, Elicitation, "URL Mode" */
export interface ElicitUrlParams2026 {
  readonly mode: 'url';
  readonly message: string;
  readonly url: string;
  readonly _meta?: MessageMeta | undefined;
}

/** As in 2026-07-28, with an id that ties the completion notification. @see 2025-11-25, Elicitation, "URL Mode" */
export interface ElicitUrlParams2025 extends ElicitUrlParams2026 {
  readonly elicitationId: string;
}

/** Params of `elicitation/create` in 2025-11-25. */
export type ElicitParams2025 = ElicitFormParams | ElicitUrlParams2025;

/** Params of `elicitation/create` in 2026-07-28. */
export type ElicitParams2026 = ElicitFormParams | ElicitUrlParams2026;

/** A value that a person entered. */
export type FormValue = string | number | boolean | string[];

/** Answer to `elicitation/create`, the same in both generations. @see 2025-11-25, Elicitation, "Response Actions" */
export interface ElicitResult {
  readonly action: 'accept' | 'decline' | 'cancel';
  /** Present with `accept` to a form. `null`, which some clients send for an absent one, is read as absent. */
  readonly content?: Record<string, FormValue> | undefined;
  readonly _meta?: ResultMeta | undefined;
}
