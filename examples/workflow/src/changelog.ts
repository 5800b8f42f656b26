import type { Release } from './release.ts';

/** The notes of a release, in Markdown. */
export function changelog(date: string, releases: readonly Release[]): string {
  const sections = releases.map(({ name, oldVersion, newVersion, changes }) => {
    const items = changes.length === 0 ? ['Nothing of its own has changed.'] : changes.map(listItem);
    return [`## ${name} ${newVersion}`, '', `Replaces ${oldVersion}.`, '', ...items].join('\n');
  });
  const body = sections.length === 0 ? ['No package has changed.'] : sections;
  return `${[`# Release of ${date}`, ...body].join('\n\n')}\n`;
}

/** A change as an item of a list; its further lines are indented, so that they stay in it. */
function listItem(change: string): string {
  return `- ${change.trim().replaceAll('\n', '\n  ')}`;
}
