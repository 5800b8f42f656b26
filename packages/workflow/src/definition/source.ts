/** Where a value comes from when the workflow runs. */
export type ValueSource =
  | { readonly from: 'argument'; readonly name: string; readonly path: Path }
  | { readonly from: 'output'; readonly step: string; readonly path: Path }
  | { readonly from: 'variable'; readonly step: string; readonly name: string; readonly path: Path };

/** Keys of objects and indices of arrays, from the outside in. */
export type Path = readonly string[];

/** A source in words, as pauses and placeholders name it. */
export function describeSource(source: ValueSource): string {
  const field = source.path.length === 0 ? '' : `field ${source.path.join('.')} of `;
  if (source.from === 'argument') return `${field}prompt argument ${source.name}`;
  if (source.from === 'variable') return `${field}variable ${source.name} of step ${source.step}`;
  return field === '' ? `output of step ${source.step}` : `${field}step ${source.step}`;
}
