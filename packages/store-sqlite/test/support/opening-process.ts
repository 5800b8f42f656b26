// Opens the database at a path without any right that root may have, and tells on one line what came of it.
import { TaskError } from '@mcp-tasks/store';
import { newTask, parameterOfProcess } from '@mcp-tasks/store-testing';
import { sqliteStore } from '../../src/index.ts';

const NOBODY = 65534;
const { path } = parameterOfProcess() as { readonly path: string };
// The driver is loaded while its files can be read for certain.
const first = sqliteStore({ path: ':memory:' });
await first.open();
await first.close();
if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
const store = sqliteStore({ path });
try {
  await store.open();
  await store.create(newTask());
  console.log(JSON.stringify({ code: 'OPENED', message: 'opened and written' }));
} catch (error) {
  if (!TaskError.is(error)) throw error;
  console.log(JSON.stringify({ code: error.code, retryable: error.retryable, message: error.message }));
}
await store.close();
