import type { ServeTasksOptions } from '../../src/index.ts';
import { connectTestClient, type TestClient, type TestClientOptions } from '../../src/testing.ts';
import { createServerWithTools, createTestWorkflows, type TestWorkflows } from './test-workflows.ts';

/** Connects one more client to the workflows of a test, which closes with it. */
export type ConnectClient = (options?: Partial<TestClientOptions> & ServeTasksOptions) => Promise<TestClient>;

/** The workflows of one test, and clients of them. */
export interface WorkflowClients {
  readonly made: TestWorkflows;
  readonly client: TestClient;
  readonly connect: ConnectClient;
  /** Close every client, then the workflows. */
  readonly close: () => Promise<void>;
}

/** Serve workflows to a client of one generation. */
export async function serveTestWorkflows(generation: TestClientOptions['generation']): Promise<WorkflowClients> {
  const made = createTestWorkflows();
  const clients: TestClient[] = [];
  const connect: ConnectClient = async (options = {}) => {
    const client = await connectTestClient(made.tasks, { generation, createServer: createServerWithTools, ...options });
    clients.push(client);
    return client;
  };
  const close = async () => {
    for (const client of clients) await client.close();
    await made.tasks.close({ drainMs: 0 });
  };
  return { made, client: await connect(), connect, close };
}
