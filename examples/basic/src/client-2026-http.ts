import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createTaskSessionFromClient, taskViewFromExecutionEvent } from '@modelcontextprotocol/ext-tasks/client';
import { type DemoClient, outcomeOf, progressOf } from './demo-client.ts';
import { HASH_FILES } from './hash-tool.ts';
import { rawDispatchOverHttp } from './raw-dispatch.ts';

const PROTOCOL_VERSION = '2026-07-28';
const CLIENT_INFO = { name: 'mcp-tasks-demo', version: '0.0.0' };

/** A 2026-07-28 client: the SDK's `Client` with the tasks of ext-tasks on top. */
export async function connectClient2026(url: URL): Promise<DemoClient> {
  const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: { pin: PROTOCOL_VERSION } } });
  await client.connect(new StreamableHTTPClientTransport(url));
  const raw = await rawDispatchOverHttp(url);
  const session = createTaskSessionFromClient(client, {
    endpointId: url.href,
    rawDispatch: raw.dispatch,
    v2RequestFraming: { protocolVersion: PROTOCOL_VERSION, clientInfo: CLIENT_INFO, clientCapabilities: {} },
  });
  return {
    name: `${PROTOCOL_VERSION} over HTTP`,
    async hashFiles(args, onUpdate) {
      const execution = await session.callTool(HASH_FILES, { ...args });
      const { outcome } = await execution.settle({
        onEvent: async (event) => {
          const task = taskViewFromExecutionEvent(event);
          if (task === undefined) return;
          await onUpdate({ taskId: task.taskId, progress: progressOf(task.raw), cancel: () => execution.cancel() });
        },
      });
      if (outcome.status === 'completed') return outcomeOf(outcome.result);
      if (outcome.status === 'failed') return { status: 'failed', message: outcome.error.message };
      return { status: 'cancelled' };
    },
    async close() {
      await session.close();
      await raw.close();
      await client.close();
    },
  };
}
