import {
  CLIENT_CAPABILITIES_META_KEY,
  IDEMPOTENCY_KEY_META_KEY,
  TASKS_EXTENSION_ID,
  WORKFLOW_META_KEY,
} from '@mcp-tasks/wire';
import {
  Client,
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import * as z from 'zod';
import { handOffOf, type ReleaseClient, releaseResultOf, workflowMetaOf } from './release-client.ts';
import { PREPARE_RELEASE } from './release-workflow.ts';

const PROTOCOL_VERSION = '2026-07-28';
const CLIENT_INFO = { name: 'release-client', version: '0.0.0' };
const CAPABILITIES = { extensions: { [TASKS_EXTENSION_ID]: {} } };

/** A 2026-07-28 client, version 2 of the SDK. It begins by the prompt, and continues by `_meta` on an ordinary call. */
export async function connectClient2026(url: URL): Promise<ReleaseClient> {
  const client = new Client(CLIENT_INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: { pin: PROTOCOL_VERSION } },
  });
  await client.connect(new StreamableHTTPClientTransport(url));
  const getTask = (taskId: string) => requestOnce(url, 'tasks/get', { taskId });
  return {
    name: `${PROTOCOL_VERSION} over HTTP`,
    beginsBy: 'the prompt',
    continuesBy: 'a call with _meta',
    async begin(date, idempotencyKey) {
      const _meta = { [IDEMPOTENCY_KEY_META_KEY]: idempotencyKey };
      return workflowMetaOf(await client.getPrompt({ name: PREPARE_RELEASE, arguments: { date }, _meta })).taskId;
    },
    async resume(taskId) {
      const _meta = { [WORKFLOW_META_KEY]: { taskId } };
      return handOffOf(await client.getPrompt({ name: PREPARE_RELEASE, _meta }));
    },
    async doStep(taskId, step, args) {
      const _meta = { [WORKFLOW_META_KEY]: { taskId, step } };
      return workflowMetaOf(await client.callTool({ name: step, arguments: { ...args }, _meta }));
    },
    look: async (taskId) => workflowMetaOf(await getTask(taskId)),
    result: async (taskId) =>
      releaseResultOf(z.looseObject({ result: z.unknown() }).parse(await getTask(taskId)).result),
    close: () => client.close(),
  };
}

/** Send a request that the SDK's `Client` would not, over a transport of its own, which writes the headers and reads the answer. */
async function requestOnce(url: URL, method: string, params: Record<string, unknown>): Promise<unknown> {
  const transport = new StreamableHTTPClientTransport(url);
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': PROTOCOL_VERSION,
    'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
    [CLIENT_CAPABILITIES_META_KEY]: CAPABILITIES,
  };
  try {
    await transport.start();
    return await new Promise((resolve, reject) => {
      transport.onmessage = (message) => {
        if (isJSONRPCResultResponse(message)) resolve(message.result);
        if (isJSONRPCErrorResponse(message)) reject(new TypeError(`${method}: ${message.error.message}`));
      };
      transport.send({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }).catch(reject);
    });
  } finally {
    await transport.close();
  }
}
