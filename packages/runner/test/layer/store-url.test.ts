import { describe, expect, it } from 'vitest';
import { createTasks } from '../../src/index.ts';
import { text, until } from '../support/layer.ts';

describe('a task layer whose store is a URL', () => {
  it('keeps its tasks there, and closes the store that it made', async () => {
    const tasks = createTasks({ store: 'memory:' });
    tasks.tool('job', {}, () => text('done'));
    const head = await tasks.startTask({ tool: 'job', owner: 'alice', arguments: {} });
    expect(await until(tasks, head, ({ status }) => status === 'completed')).toMatchObject({ taskId: head.taskId });
    await tasks.close();
  });

  it('is refused at once for a URL that no store has, and when it starts for one that names nothing', async () => {
    expect(() => createTasks({ store: 'tasks.db' })).toThrow(/for a file write "sqlite:tasks\.db"\.$/);
    expect(() => createTasks({ store: { path: 'tasks.db' } as never })).toThrow(
      'createTasks: store must be a URL such as "sqlite:tasks.db" or a TaskStore, not an object.',
    );
    const tasks = createTasks({ store: 'redis://127.0.0.1:1' });
    await expect(tasks.start()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await tasks.close();
  });
});
