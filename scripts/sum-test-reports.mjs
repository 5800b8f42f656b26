// Sums the JSON reports that vitest left in a folder; prints `PASSED FAILED SKIPPED`.
// A file that broke before its first test counts as one failure.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const directory = process.argv[2];
if (directory === undefined) throw new TypeError('sum-test-reports.mjs takes the folder of the reports');

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(path.join(directory, file), 'utf8'));
  const broken = report.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  );
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests + broken.length;
  sum.skipped += report.numPendingTests + (report.numTodoTests ?? 0);
}
console.log(`${String(sum.passed)} ${String(sum.failed)} ${String(sum.skipped)}`);
