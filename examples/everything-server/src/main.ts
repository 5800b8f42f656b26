import { toNodeHandler } from '@modelcontextprotocol/node';
import { createApplication, type Application } from './application.ts';
import { subjectTokens } from './bearer-tokens.ts';
import { parseEnvironment, type Environment } from './environment.ts';
import { listenHttp } from './http-server.ts';
import { Sessions, withSessions } from './sessions.ts';

const FAILED_EXIT_CODE = 1;
const BAD_ENVIRONMENT_EXIT_CODE = 2;

/** Serve MCP over HTTP and say where. @returns ends every connection. */
async function serveHttp(application: Application, environment: Environment): Promise<() => Promise<void>> {
  const { served, createSessionServer } = application;
  const sessions = new Sessions(createSessionServer);
  const listener = await listenHttp({
    port: environment.PORT,
    verifier: environment.TOKENS === undefined ? undefined : subjectTokens(environment.TOKENS),
    handler: environment.SESSIONS
      ? withSessions(sessions, served.http({ legacy: 'reject' }))
      : toNodeHandler(served.http()),
  });
  console.log(`listening ${listener.url}`);
  return async () => {
    await sessions.close();
    await listener.close();
  };
}

/** Serve MCP on standard input and output, where nothing else may be written. @returns ends the connection. */
function serveStdio({ served }: Application): () => Promise<void> {
  const connection = served.stdio();
  return () => connection.close();
}

/** Resolves when the process is told to stop; told twice, it dies. */
function toldToStop(stdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      resolve();
    };
    process.once('SIGTERM', stop).once('SIGINT', stop);
    if (stdin) process.stdin.once('end', stop).once('close', stop);
  });
}

async function run(environment: Environment): Promise<void> {
  const application = createApplication(environment);
  await application.tasks.start();
  const stopped = toldToStop(environment.STDIO);
  const close = environment.STDIO ? serveStdio(application) : await serveHttp(application, environment);
  await stopped;
  await application.served.close({ drainMs: environment.DRAIN_MS });
  await close();
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
