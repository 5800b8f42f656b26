import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createTaskSessionFromClient, type TaskEnabledSession } from '@modelcontextprotocol/ext-tasks/client';

/** A user who is connected with a token. */
export interface User {
  readonly session: TaskEnabledSession;
  close(): Promise<void>;
}

/** Connect with a token; ext-tasks adds tasks to the SDK's client. */
export async function connectUser(url: string, token: string): Promise<User> {
  const client = new Client({ name: 'letters-client', version: '1.0.0' });
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  const session = createTaskSessionFromClient(client, { endpointId: url });
  return {
    session,
    close: async () => {
      await session.close();
      await client.close();
    },
  };
}
