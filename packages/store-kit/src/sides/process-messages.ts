import type { RacerInput, RacerName } from './racers.ts';

/** Message of the kit to a process of its own. */
export type ToWorker = { readonly id: number } & (
  | { readonly kind: 'connect'; readonly module: string; readonly data: unknown }
  | {
      readonly kind: 'run';
      readonly name: RacerName;
      readonly input: RacerInput<RacerName>;
      readonly startNs: bigint | undefined;
    }
  | { readonly kind: 'write-until-killed'; readonly owner: string; readonly nowMs: number }
);

/** Answer of that process. */
export type FromWorker =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: string }
  | { readonly kind: 'written'; readonly taskId: string; readonly version: number };
