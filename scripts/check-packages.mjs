// Packs every published package and checks the tarball: exports and files (publint), types of both formats (attw, where
// there is an entry), and that each entry and command has all its files. Prints one line a check and, last, `N passed, N failed`. Needs a build.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(path.join(tmpdir(), 'mcp-tasks-pack-'));
const counts = { passed: 0, failed: 0 };

function check(title, command, args, cwd) {
  try {
    const output = execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    counts.passed += 1;
    console.log(`ok      ${title}`);
    return output;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAILED  ${title}\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
    return undefined;
  }
}

function filesOf(tarball) {
  return execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
}

try {
  for (const folder of readdirSync(path.join(root, 'packages')).sort()) {
    const directory = path.join(root, 'packages', folder);
    const manifest = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
    if (manifest.private === true) continue;
    const tarball = path.join(scratch, `${folder}.tgz`);
    check(`${manifest.name}: pnpm pack`, 'pnpm', ['pack', '--out', tarball], directory);
    check(`${manifest.name}: publint`, 'pnpm', ['exec', 'publint', '--strict', tarball], root);
    const packed = filesOf(tarball);
    const strange = packed.filter(
      (file) =>
        !/^package\/(dist\/[^/]+\.([cm]?js(\.map)?|d\.c?ts)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(
          file,
        ) && !(manifest.files.includes('templates') && file.startsWith('package/templates/')),
    );
    const entries = Object.values(manifest.publishConfig.exports).flatMap((target) =>
      typeof target === 'string' ? [] : Object.values(target).flatMap((format) => Object.values(format)),
    );
    if (entries.length > 0) {
      check(`${manifest.name}: types (attw)`, 'pnpm', ['exec', 'attw', tarball, '--profile', 'node16'], root);
    }
    const wanted = ['README.md', 'LICENSE', ...entries, ...Object.values(manifest.bin ?? {})];
    const missing = wanted.map((file) => path.posix.join('package', file)).filter((file) => !packed.includes(file));
    const ok = strange.length + missing.length === 0;
    counts[ok ? 'passed' : 'failed'] += 1;
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${manifest.name}: files`);
    for (const file of strange) console.log(`        should not be packed: ${file}`);
    for (const file of missing) console.log(`        is missing: ${file}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

console.log(`${String(counts.passed)} passed, ${String(counts.failed)} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
