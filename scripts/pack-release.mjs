// Packs every published package into a directory, in the order in which they are to be published: `node scripts/pack-release.mjs DIRECTORY`.
// Needs a build.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const [directory] = process.argv.slice(2);
if (directory === undefined) throw new TypeError('Name the directory for the tarballs.');
const target = path.resolve(directory);
mkdirSync(target, { recursive: true });

// The layers begin with what needs no other package.
const layers = Object.keys(JSON.parse(readFileSync(path.join(root, 'layers.json'), 'utf8')));
const published = layers.filter((folder) => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'packages', folder, 'package.json'), 'utf8'));
  return manifest.private !== true;
});
published.forEach((folder, index) => {
  const tarball = path.join(target, `${String(index).padStart(2, '0')}-${folder}.tgz`);
  const pack = ['-y', 'pnpm@12.21.0', 'pack', '--out', tarball];
  execFileSync('npx', pack, { cwd: path.join(root, 'packages', folder), stdio: 'inherit' });
});
