/** One step of the schema. */
export interface Migration {
  /** Number of the schema after this step, from 1 without a gap. */
  readonly version: number;
  /** The oldest schema number whose code can still work on this one: a step that only adds keeps it as it was. */
  readonly oldestCompatibleVersion: number;
  readonly sql: string;
}
