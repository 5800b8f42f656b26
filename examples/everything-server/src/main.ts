import type { TaskApp } from '@mcp-tasks/server';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createApplication } from './application.ts';
import { subjectTokens } from './bearer-tokens.ts';
import { type Environment, parseEnvironment } from './environment.ts';
import { listenHttp } from './http-server.ts';

const FAILED_EXIT_CODE = 1;
const BAD_ENVIRONMENT_EXIT_CODE = 2;

/** The running server. */
interface Serving {
  /** Resolves when the client has left; never on HTTP. */
  readonly over: Promise<void>;
  close(): Promise<void>;
}

/** Serve MCP over HTTP and say where. */
async function serveHttp(app: TaskApp, environment: Environment): Promise<Serving> {
  const listener = await listenHttp({
    port: environment.PORT,
    verifier: environment.TOKENS === undefined ? undefined : subjectTokens(environment.TOKENS),
    handler: toNodeHandler(app.http({ legacy: environment.SESSIONS ? 'sessions' : 'stateless' })),
  });
  console.log(`listening ${listener.url}`);
  return { over: new Promise(() => undefined), close: () => listener.close() };
}

/** Serve MCP on standard input and output, where nothing else may be written. */
function serveStdio(app: TaskApp): Serving {
  const connection = app.stdio();
  return { over: connection.closed, close: () => connection.close() };
}

/** Resolves when the process is told to stop; told twice, it dies. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
}

async function run(environment: Environment): Promise<void> {
  const app = await createApplication(environment);
  await app.started;
  const stopped = toldToStop();
  const serving = environment.STDIO ? serveStdio(app) : await serveHttp(app, environment);
  await Promise.race([stopped, serving.over]);
  await app.close({ drainMs: environment.DRAIN_MS });
  await serving.close();
}

const parsed = parseEnvironment(process.env);
if (parsed.ok) {
  try {
    await run(parsed.environment);
    // Tools that did not end when their signal aborted must not keep the process.
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(FAILED_EXIT_CODE);
  }
}
console.error(parsed.problem);
process.exit(BAD_ENVIRONMENT_EXIT_CODE);
