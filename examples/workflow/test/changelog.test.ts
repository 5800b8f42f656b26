import { expect, it } from 'vitest';
import { changelog } from '../src/changelog.ts';

it('tells for each package its new version and what changed', () => {
  const releases = [
    {
      name: '@scope/a',
      oldVersion: '1.0.0',
      newVersion: '1.1.0',
      changes: ['Adds one.\nAnd another.\n', 'Fixes two.'],
    },
    { name: '@scope/b', oldVersion: '0.1.0', newVersion: '0.1.1', changes: [] },
  ];
  expect(changelog('2026-09-01', releases)).toBe(
    [
      '# Release of 2026-09-01',
      '',
      '## @scope/a 1.1.0',
      '',
      'Replaces 1.0.0.',
      '',
      '- Adds one.',
      '  And another.',
      '- Fixes two.',
      '',
      '## @scope/b 0.1.1',
      '',
      'Replaces 0.1.0.',
      '',
      'Nothing of its own has changed.',
      '',
    ].join('\n'),
  );
});

it('says so when no package has changed', () => {
  expect(changelog('2026-09-01', [])).toBe('# Release of 2026-09-01\n\nNo package has changed.\n');
});
