import type { TaskEntry } from '@mcp-tasks/store';
import {
  mergeVariables,
  readVariables,
  type VariableChange,
  type VariableKind,
  type VariableLimits,
} from '@mcp-tasks/store/rules';
import type { JsonValue } from '@mcp-tasks/wire';
import { fromJson } from '../tool/json.ts';

/** A run's own copy of the variables of one kind: only the run that holds the task writes them. */
export class VariableMap {
  readonly #kind: VariableKind;
  readonly #values: Map<string, string>;
  #bytes: number;

  constructor(kind: VariableKind, entries: readonly TaskEntry[] = []) {
    const { values, bytes } = readVariables(entries, kind);
    this.#kind = kind;
    this.#values = new Map(values);
    this.#bytes = bytes;
  }

  /** A copy of the value, so that changing it changes nothing here. */
  get(name: string): JsonValue | undefined {
    const text = this.#values.get(name);
    return text === undefined ? undefined : fromJson(text);
  }

  toObject(): Record<string, JsonValue> {
    return Object.fromEntries([...this.#values].map(([name, text]) => [name, fromJson(text)]));
  }

  /** The change that merges these values; {@link apply} makes it. @throws as `mergeVariables` */
  change(values: Readonly<Record<string, unknown>>, limits: VariableLimits): VariableChange {
    return mergeVariables({ values: this.#values, bytes: this.#bytes }, values, limits, this.#kind);
  }

  apply(change: VariableChange): void {
    for (const { name } of change.delete) this.#values.delete(name);
    for (const { name, value } of change.put) this.#values.set(name, value);
    this.#bytes = change.bytes;
  }
}
