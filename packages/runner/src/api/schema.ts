import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/**
 * A schema that an author writes: any value with Standard Schema and Standard JSON Schema, as the MCP SDK takes it
 * (zod 4, ArkType, Valibot with its JSON Schema package, `fromJsonSchema` of the SDK).
 */
export interface AuthorSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
}

/** The type of a value before the schema parsed it. */
export type SchemaInput<Schema extends AuthorSchema> = StandardSchemaV1.InferInput<Schema>;

/** The type of a value that the schema parsed. */
export type SchemaOutput<Schema extends AuthorSchema> = StandardSchemaV1.InferOutput<Schema>;
