import type { TaskHost } from './host.ts';
import type { ListenHost } from './listen/listen-host.ts';

/** What serving `subscriptions/listen` needs of a host. */
export function listenHost(host: TaskHost): ListenHost {
  const { tasks } = host;
  return {
    clock: tasks.clock,
    reportError: (error) => {
      host.reportError(error);
    },
    tasksOf(context) {
      const { kind, owner } = host.ownerOf(context);
      return kind === 'refused' ? undefined : tasks.for(owner);
    },
  };
}
