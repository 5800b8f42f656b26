import type { TaskError } from '@mcp-tasks/store';
import { incompatible, storeError } from './errors.ts';
import type { RedisClientLike, RedisNodeLike } from './options.ts';

const LOOK_EVERY_MS = 60_000;

/** A danger to tasks in the settings of a server. */
interface Finding {
  readonly message: string;
  /** True when the store does not open on such a server. */
  readonly isRefused?: true;
}

/** Result of one look at the servers. */
interface Look {
  readonly findings: readonly Finding[];
  /** Errors of the servers that did not answer. */
  readonly failures: readonly { readonly server: string; readonly error: TaskError }[];
  readonly isAnswered: boolean;
}

/** A watch over the settings of the server, or of every master of a cluster, since tasks may move between masters. */
export interface SettingsCheck {
  /**
   * Refuse servers that may evict tasks. Warn of a server that may lose them in a crash, or that hides its settings.
   * From then on look once a minute, and warn of new findings.
   *
   * @throws {TaskError} STORE_INCOMPATIBLE - a `maxmemory-policy` is not `noeviction`; STORE_UNAVAILABLE - no server
   * answers.
   */
  begin(): Promise<void>;
  /** End the watch. Safe to call twice, and before `begin`. */
  end(): void;
}

/** Make a check that has not begun. */
export function settingsCheck(client: RedisClientLike, warn: (message: string) => void): SettingsCheck {
  let told: ReadonlySet<string> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  const tell = ({ findings, failures }: Look) => {
    const found = new Set(findings.map(({ message }) => message));
    const unknown = [...found].filter((message) => !told.has(message));
    // An earlier warning may be about a server that does not answer now.
    told = failures.length > 0 ? new Set([...told, ...found]) : found;
    for (const message of unknown) warn(`redisStore: ${message}`);
  };
  const lookAgain = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      // Servers that do not answer are not a finding: the calls that need them fail.
      const again = await look(client);
      if (timer !== undefined) tell(again);
    } catch (error) {
      // The error comes from `onWarning`; the check goes on.
      process.emitWarning(error as Error);
    } finally {
      isLooking = false;
    }
  };
  const end = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    async begin() {
      const first = await look(client);
      const refused = first.findings.find(({ isRefused }) => isRefused);
      if (refused) throw incompatible(refused.message);
      const [failure] = first.failures;
      if (failure && !first.isAnswered) throw failure.error;
      tell(first);
      for (const { server } of first.failures)
        warn(`redisStore: ${server} did not tell its settings: it is asked again.`);
      end();
      timer = setInterval(() => void lookAgain(), LOOK_EVERY_MS).unref();
    },
    end,
  };
}

async function look(client: RedisClientLike): Promise<Look> {
  const nodes = client.nodes?.('master') ?? [client];
  const findings: Finding[] = [];
  const failures: { readonly server: string; readonly error: TaskError }[] = [];
  await Promise.all(
    nodes.map(async (node) => {
      const server = node === client ? 'Redis' : nameOf(node);
      try {
        findings.push(...(await findingsOf(node, server)));
      } catch (error) {
        failures.push({ server, error: storeError(error, false) });
      }
    }),
  );
  return { findings, failures, isAnswered: failures.length < nodes.length };
}

const nameOf = ({ options }: RedisNodeLike): string => `Redis at ${options?.host ?? ''}:${options?.port ?? ''}`;

async function findingsOf(node: RedisNodeLike, server: string): Promise<readonly Finding[]> {
  const policy = await setting(node, 'maxmemory-policy');
  if (policy === undefined) {
    const advice = 'make sure that maxmemory-policy is noeviction, appendonly yes and appendfsync always.';
    return [{ message: `the server does not show its settings; ${advice}` }];
  }
  const appendonly = await setting(node, 'appendonly');
  const appendfsync = await setting(node, 'appendfsync');
  const findings: Finding[] = [];
  if (policy !== 'noeviction') {
    const message = `${server} may evict tasks (maxmemory-policy "${policy}"): set maxmemory-policy to "noeviction".`;
    findings.push({ message, isRefused: true });
  }
  if (appendonly !== 'yes' || appendfsync !== 'always') {
    const settings = `appendonly ${appendonly ?? 'unknown'}, appendfsync ${appendfsync ?? 'unknown'}`;
    findings.push({ message: `the server may lose acknowledged writes when it crashes (${settings}).` });
  }
  return findings;
}

/** Read a setting's value; undefined = the server hides it, as hosted servers do. */
async function setting(node: RedisNodeLike, name: string): Promise<string | undefined> {
  try {
    const reply = await node.call('CONFIG', 'GET', name);
    // The reply is a list of names and values, or an object where the client is set to shape replies so.
    if (Array.isArray(reply)) return (reply as readonly string[])[1];
    return (reply as Readonly<Record<string, string>>)[name];
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/\bNOPERM\b|unknown command/i.test(message)) return undefined;
    throw error;
  }
}
