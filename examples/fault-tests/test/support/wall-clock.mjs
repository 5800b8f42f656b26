// Loaded into a server before everything else, so that its wall clock can be set as an operator or a time service sets it.
// The file WALL_CLOCK says by how many milliseconds it is off; it is read at the start, and again when SIGUSR2 comes.
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.env.WALL_CLOCK;
const trueNow = Date.now;
let errorMs = 0;

const read = () => {
  errorMs = Number(readFileSync(file, 'utf8'));
  writeFileSync(`${file}.set`, String(errorMs));
};
read();
process.on('SIGUSR2', read);
Date.now = () => trueNow() + errorMs;
