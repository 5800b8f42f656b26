// Runs in a process of its own: opens a connection by the module that the harness names, and does what the kit says.
import type { TaskStore } from '@mcp-tasks/store';
import type { FromWorker, ToWorker } from './process-messages.ts';
import { connectionSide } from './sides.ts';
import { writeOnAndOn } from './write-on-and-on.ts';

let store: TaskStore | undefined;

process.on('message', (message: ToWorker) => {
  answer(message).then(
    (value) => {
      tell({ kind: 'done', id: message.id, value });
    },
    (error: unknown) => {
      tell({
        kind: 'failed',
        id: message.id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    },
  );
});
process.on('disconnect', () => process.exit());

async function answer(message: ToWorker): Promise<unknown> {
  switch (message.kind) {
    case 'connect': {
      const module = (await import(message.module)) as { connect(data: unknown): Promise<TaskStore> };
      store = await module.connect(message.data);
      return undefined;
    }
    case 'run':
      return connectionSide(connected()).run(message.name, message.input, message.startNs);
    case 'write-until-killed':
      return writeOnAndOn(connected(), message.owner, message.nowMs, (written) => {
        tell({ kind: 'written', ...written });
      });
  }
}

function connected(): TaskStore {
  if (store === undefined) throw new TypeError('The process must be told to connect first.');
  return store;
}

function tell(message: FromWorker): void {
  process.send?.(message);
}
