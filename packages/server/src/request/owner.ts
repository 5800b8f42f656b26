import { userInfo } from 'node:os';
import { NO_OWNER, TaskError } from '@mcp-tasks/store';
import { checkOwner } from '@mcp-tasks/store/rules';
import type { AuthInfo } from '@modelcontextprotocol/server';

/** Facts about the sender of a request. */
export interface OwnerContext {
  /** Verified by the host before the SDK saw the request; absent when the host verified nothing. */
  readonly authInfo?: AuthInfo | undefined;
  /** The HTTP request; absent on stdio and in memory. */
  readonly request?: Request | undefined;
  /** The MCP session (2025-11-25 over HTTP with sessions); made by the server, so only its client knows it. */
  readonly sessionId?: string | undefined;
}

/**
 * How callers are told apart.
 *
 * @example
 * const options: OwnerOptions = { owner: ({ authInfo }) => authInfo?.clientId, anonymous: 'refuse' };
 */
export interface OwnerOptions {
  /**
   * Name the owner of a caller's tasks: at most `limits.maxOwnerBytes` of UTF-8 (default 512), compared by bytes;
   * undefined = anonymous.
   *
   * Default: issuer and subject of the verified auth (`authInfo.extra.iss`, `.sub`), and the user of the operating
   * system on stdio. A transport that carries several users must hand over `authInfo` or the request, or set this.
   */
  readonly owner?: ((context: OwnerContext) => string | undefined) | undefined;
  /**
   * Treatment of callers without an owner. `refuse` (default): no tasks, as from a server that knows none.
   * `allow`: tasks of one owner that all of them share, with one quota; a caller who knows an id may use the task, and
   * none may list.
   * Idempotency keys hold within a session; without a session a call with a key is refused, and a tool's own key is not
   * used.
   */
  readonly anonymous?: 'refuse' | 'allow' | undefined;
}

/** Who a caller is to the tasks: an owner, one of those who share the anonymous owner, or one who may have none. */
export interface ResolvedOwner {
  readonly kind: 'owner' | 'anonymous' | 'refused';
  /** The owner of what this caller runs; that of a refused one owns nothing. */
  readonly owner: string;
  /** See `ToolCall.keyScope`: what keeps the idempotency keys of callers apart who share the owner. */
  readonly keyScope?: string | null;
  /** The user of the operating system, who is the only caller of the process on stdio. */
  readonly isLocal?: boolean;
}

// Kinds of owner are told apart by the first member, and JSON keeps the members apart, whichever characters they hold.
const ownerOf = (...members: readonly (string | null)[]): string => JSON.stringify(members);

const ANONYMOUS_OWNER = ownerOf('anonymous');

/**
 * Find out whose tasks a caller may see.
 *
 * @param maxOwnerBytes - most bytes of UTF-8 of an owner; default 512.
 * @throws {TaskError} OWNER_INVALID - the owner is not a string, empty, too long, not well-formed Unicode, or one of
 * ours for callers without
 *   an owner.
 */
export function resolveOwner(context: OwnerContext, options: OwnerOptions, maxOwnerBytes?: number): ResolvedOwner {
  const owner = (options.owner ?? defaultOwner)(context);
  if (owner === undefined) {
    if (options.anonymous !== 'allow') return { kind: 'refused', owner: NO_OWNER };
    return { kind: 'anonymous', owner: ANONYMOUS_OWNER, keyScope: context.sessionId ?? null };
  }
  if (owner === ANONYMOUS_OWNER || owner === NO_OWNER) {
    throw new TaskError('OWNER_INVALID', `The owner must not be ${owner}, which means callers without an owner.`);
  }
  const isLocal = options.owner === undefined && owner === localOwner;
  return { kind: 'owner', owner: checkOwner(owner, maxOwnerBytes), ...(isLocal && { isLocal }) };
}

/**
 * Tell the callers of a session apart: an owner is one caller, and those without an owner are told apart by their OAuth
 * client. An anonymous session is open to anonymous callers who know its id.
 */
export function sessionCaller({ kind, owner }: ResolvedOwner, { authInfo }: OwnerContext): string {
  return ownerOf(kind, owner, kind === 'owner' ? null : (authInfo?.clientId ?? null));
}

/**
 * An `owner` function for servers whose callers have no subject: issuer and subject if there are, the local user on
 * stdio, else the OAuth client, else the session of the server's own making.
 *
 * All users of one OAuth client share its tasks, and a session's tasks are out of reach once it ends.
 *
 * @example
 * const app = serveTasks(tasks, () => new McpServer({ name: 'reports', version: '1.0.0' }), {
 *   owner: subjectClientSession,
 * });
 */
export function subjectClientSession(context: OwnerContext): string | undefined {
  const owner = defaultOwner(context);
  if (owner !== undefined) return owner;
  const { authInfo, sessionId } = context;
  if (authInfo?.clientId) return ownerOf('client', authInfo.clientId);
  return sessionId === undefined ? undefined : ownerOf('session', sessionId);
}

function defaultOwner({ authInfo, request, sessionId }: OwnerContext): string | undefined {
  const { iss, sub } = authInfo?.extra ?? {};
  if (typeof sub === 'string' && sub !== '') return ownerOf('subject', typeof iss === 'string' ? iss : null, sub);
  const isLocal = authInfo === undefined && request === undefined && sessionId === undefined;
  if (!isLocal) return undefined;
  localOwner ??= ownerOf('local', readLocalUser());
  return localOwner;
}

let localOwner: string | undefined;

/** The user that runs this process; in a container it may have no name. */
function readLocalUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
