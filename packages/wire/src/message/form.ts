import * as z from 'zod';
import { field, oneOf, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

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

const named = { title: z.string().optional(), description: z.string().optional() };

const StringFormFieldSchema = openObject<StringFormField>()({
  ...named,
  type: z.literal('string'),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  format: z.enum(['email', 'uri', 'date', 'date-time']).optional(),
  default: z.string().optional(),
});

const NumberFormFieldSchema = openObject<NumberFormField>()({
  ...named,
  type: z.enum(['number', 'integer']),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.number().optional(),
});

const BooleanFormFieldSchema = openObject<BooleanFormField>()({
  ...named,
  type: z.literal('boolean'),
  default: z.boolean().optional(),
});

const ChoiceFormFieldSchema = openObject<ChoiceFormField>()({
  ...named,
  type: z.literal('string'),
  enum: z.array(z.string()),
  enumNames: z.array(z.string()).optional(),
  default: z.string().optional(),
});

const FormOptionSchema = openObject<FormOption>()({ const: z.string(), title: z.string() });

const TitledChoiceFormFieldSchema = openObject<TitledChoiceFormField>()({
  ...named,
  type: z.literal('string'),
  oneOf: z.array(field(FormOptionSchema)),
  default: z.string().optional(),
});

const FormValuesSchema = oneOf<FormValues | TitledFormValues>()([
  openObject<FormValues>()({ type: z.literal('string'), enum: z.array(z.string()) }),
  openObject<TitledFormValues>()({ anyOf: z.array(field(FormOptionSchema)) }),
]);

const MultiChoiceFormFieldSchema = openObject<MultiChoiceFormField>()({
  ...named,
  type: z.literal('array'),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  items: field(FormValuesSchema),
  default: z.array(z.string()).optional(),
});

/** {@link FormField}. */
export const FormFieldSchema: WireSchema<FormField> = oneOf<FormField>()([
  StringFormFieldSchema,
  NumberFormFieldSchema,
  BooleanFormFieldSchema,
  ChoiceFormFieldSchema,
  TitledChoiceFormFieldSchema,
  MultiChoiceFormFieldSchema,
]);

/** {@link FormSchema}. */
export const FormSchemaSchema: WireSchema<FormSchema> = openObject<FormSchema>()({
  $schema: z.string().optional(),
  type: z.literal('object'),
  properties: z.record(z.string(), field(FormFieldSchema)),
  required: z.array(z.string()).optional(),
});
