import {
  EVERYTHING_SERVER_PATH,
  type HttpServerProcess,
  startEverythingServer,
} from '@mcp-tasks/example-everything-server/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint, InteropClient } from './clients/client.ts';
import { connectExtTasks } from './clients/ext-tasks.ts';
import { connectSdkV1 } from './clients/sdk-v1.ts';
import { type ClientName, CLIENTS, type Flow, FLOWS } from './flows.ts';

const TRANSPORTS = ['HTTP without sessions', 'HTTP with sessions', 'stdio'] as const;
type TransportName = (typeof TRANSPORTS)[number];

interface Cell {
  readonly flow: Flow;
  readonly client: ClientName;
  readonly transport: TransportName;
}

const CELLS: readonly Cell[] = TRANSPORTS.flatMap((transport) =>
  CLIENTS.flatMap((client) => FLOWS.map((flow): Cell => ({ flow, client, transport }))),
);
const EXCLUDED = CELLS.filter(({ flow, client }) => flow.excluded?.[client] !== undefined);

const POLL_INTERVAL_MS = '20';
const CELL_TIMEOUT_MS = 120_000;
/** A user of its own for each cell, so that no cell sees the tasks of another. */
const tokenOf = (cell: Cell) => `user-${CELLS.indexOf(cell)}`;

const servers = new Map<TransportName, HttpServerProcess>();

beforeAll(async () => {
  const environment = { TOKENS: CELLS.map(tokenOf).join(','), POLL_INTERVAL_MS };
  servers.set('HTTP without sessions', await startEverythingServer(environment));
  servers.set('HTTP with sessions', await startEverythingServer({ ...environment, SESSIONS: '1' }));
});

afterAll(async () => {
  const ends = await Promise.all([...servers.values()].map((server) => server.stop()));
  expect(ends.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    ends.map(() => ({ exitCode: 0, stderr: '' })),
  );
});

function endpointOf(cell: Cell): Endpoint {
  const server = servers.get(cell.transport);
  if (server !== undefined) return { kind: 'http', url: server.url, token: tokenOf(cell) };
  return {
    kind: 'stdio',
    command: process.execPath,
    args: [EVERYTHING_SERVER_PATH],
    env: { STDIO: '1', POLL_INTERVAL_MS },
  };
}

const CONNECT: Readonly<Record<ClientName, (endpoint: Endpoint) => Promise<InteropClient>>> = {
  'ext-tasks 2026-07-28': (endpoint) => connectExtTasks('2026', endpoint),
  'ext-tasks 2025-11-25': (endpoint) => connectExtTasks('2025', endpoint),
  'SDK v1 2025-11-25': connectSdkV1,
};

it('[TEST-08] has a cell for every flow, client and transport, and a reason for each that does not run', () => {
  expect(CELLS.length).toBe(14 * 3 * 3);
  expect(EXCLUDED.length).toBe(3);
  expect(EXCLUDED.every(({ flow, client }) => (flow.excluded?.[client] ?? '').length > 0)).toBe(true);
});

describe.each(TRANSPORTS)('[TEST-08] over %s', (transport) => {
  describe.each(CLIENTS)('%s', (client) => {
    for (const cell of CELLS.filter((cell) => cell.transport === transport && cell.client === client)) {
      const reason = cell.flow.excluded?.[client];
      it.skipIf(reason !== undefined).concurrent(
        reason === undefined ? cell.flow.name : `${cell.flow.name} (excluded: ${reason})`,
        async () => {
          const connected = await CONNECT[client](endpointOf(cell));
          try {
            await cell.flow.run(connected, client);
          } finally {
            await connected.close();
          }
        },
        CELL_TIMEOUT_MS,
      );
    }
  });
});
