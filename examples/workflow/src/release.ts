import * as z from 'zod';

/** One package of a release. */
export const Release = z.object({
  name: z.string(),
  oldVersion: z.string(),
  newVersion: z.string(),
  /** In Markdown. */
  changes: z.array(z.string()),
});

/** {@link Release}. */
export type Release = z.output<typeof Release>;
