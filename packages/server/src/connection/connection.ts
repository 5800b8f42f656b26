/**
 * One server connected to one transport: what the adapter remembers between the messages of a client. It describes each
 * request (generation, owner, capabilities), gives it a slot, keeps the relays of its tasks and the questions that it
 * sent. A 2025-11-25 client declares its capabilities once, in `initialize`; a 2026-07-28 client on each request.
 */
import type { OwnerTasks } from '@mcp-tasks/runner';
import { type Clock, TaskError } from '@mcp-tasks/store';
import type { InputRequest } from '@mcp-tasks/wire';
import type {
  JSONRPCNotification,
  JSONRPCRequest,
  JSONRPCResponse,
  MessageExtraInfo,
  RequestId,
  Transport,
} from '@modelcontextprotocol/server';
import { isFault } from '../request/errors.ts';
import { type OwnerContext, type ResolvedOwner, sessionCaller } from '../request/owner.ts';
import type { TaskHost } from '../request/task-host.ts';
import { declaredCapabilities, fieldsOf, type Generation, type TaskRequest } from '../request/task-request.ts';
import { refuseTooFast } from '../transport/limit-http.ts';
import type { EndTurn } from '../transport/outlet.ts';
import { type Outlets, watchOutlets } from '../transport/outlets.ts';
import { type Inbound, type ResponseSlot, tapTransport } from '../transport/response-slots.ts';
import { guardSession } from '../transport/session-guard.ts';
import { CheckedEnvelope } from './checked-envelope.ts';
import { acceptAnswer, answeredQuestion, type QuestionName, questionRequest } from './questions-2025.ts';
import type { RelayConnection, RelayedTask, TaskNotification } from './relay-connection.ts';
import { TaskRelay } from './task-relay.ts';

/** The slot of a request that has to do with tasks. */
export interface TaskSlot extends ResponseSlot {
  readonly request: TaskRequest;
}

/** Decides what becomes of the requests of a connection. */
export type ReceiveRequest = (
  connection: TaskConnection,
  message: JSONRPCRequest,
  extra: MessageExtraInfo | undefined,
) => Inbound<TaskSlot>;

/** One server connected to one transport: for the life of a client's connection, or of one HTTP request. */
export class TaskConnection implements RelayConnection {
  readonly host: TaskHost;
  readonly slots: ReadonlyMap<RequestId, TaskSlot>;
  readonly envelope = new CheckedEnvelope();
  readonly #transport: Transport;
  readonly #outlets: Outlets;
  readonly #relays = new Map<string, TaskRelay>();
  /** Tasks made on this connection a moment ago. */
  readonly #toFollow = new Map<string, RelayedTask>();
  #following: NodeJS.Immediate | undefined;
  /** Keys of the questions that were asked on this connection, by task. */
  readonly #asked = new Map<string, Set<string>>();
  #tasks: OwnerTasks | undefined;
  #generation: Generation = '2025-11-25';
  #initializedCapabilities: unknown;
  #openedBy: string | undefined;
  #opener: string | undefined;

  constructor(host: TaskHost, transport: Transport, receive: ReceiveRequest) {
    this.host = host;
    this.#transport = transport;
    this.#outlets = watchOutlets(transport);
    guardSession(transport, {
      clock: host.tasks.clock,
      opener: () => this.#opener,
      callerOf: (context) => sessionCaller(host.ownerOf(context), context),
      reportError: (error) => {
        this.reportError(error);
      },
      tooFast: (request, arrived) => refuseTooFast(host, request, { ...arrived, sessionId: transport.sessionId }),
    });
    this.slots = tapTransport<TaskSlot>(transport, {
      request: (message, extra) => {
        if (extra?.classification?.era === 'modern') this.#generation = '2026-07-28';
        return receive(this, message, extra);
      },
      response: (response, extra) => this.#takeAnswer(response, extra),
      closed: () => {
        clearImmediate(this.#following);
        this.#toFollow.clear();
        for (const relay of [...this.#relays.values()]) relay.close();
      },
    });
  }

  get clock(): Clock {
    return this.host.tasks.clock;
  }

  /** A 2025-11-25 client says what it can do, once for all its requests. */
  initialize({ params, owner, context }: TaskRequest): void {
    this.#initializedCapabilities = params['capabilities'];
    this.#openedBy ??= owner.owner;
    this.#opener ??= sessionCaller(owner, context);
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** Describe a request that comes in. @throws {TaskError} OWNER_INVALID */
  describe(message: JSONRPCRequest, extra: MessageExtraInfo | undefined): TaskRequest {
    const params = fieldsOf(message.params);
    const context = this.#contextOf(extra);
    const isModern = this.#generation === '2026-07-28';
    const request: TaskRequest = {
      generation: this.#generation,
      owner: this.host.ownerOf(context),
      context,
      params,
      clientCapabilities: isModern ? declaredCapabilities(params) : this.#initializedCapabilities,
      stream: this.#outlets.of(message.id),
      isOver: () => this.slots.get(message.id)?.request !== request,
      isTwoWay: !isModern && (context.request === undefined || context.sessionId !== undefined),
    };
    return request;
  }

  /** The tasks of an owner. @throws {TaskError} OWNER_INVALID */
  tasksOf({ owner }: ResolvedOwner): OwnerTasks {
    // On most connections it is the same owner every time.
    if (this.#tasks?.owner !== owner) this.#tasks = this.host.tasks.for(owner);
    return this.#tasks;
  }

  turn(requestId: RequestId | undefined, signal: AbortSignal): Promise<EndTurn | undefined> {
    return this.#outlets.of(requestId).turn(signal);
  }

  notify(notification: TaskNotification, requestId: RequestId | undefined): Promise<void> {
    return this.#transport.send({ jsonrpc: '2.0', ...notification } as JSONRPCNotification, relatedTo(requestId));
  }

  ask(requestId: RequestId, question: { taskId: string; key: string; request: InputRequest }): Promise<void> {
    const { taskId, key, request } = question;
    const asked = this.#asked.get(taskId) ?? new Set();
    this.#asked.set(taskId, asked.add(key));
    return this.#transport.send(questionRequest(taskId, key, request), relatedTo(requestId));
  }

  /** Whether this question went out on this connection. */
  hasAsked(taskId: string, key: string): boolean {
    return this.#asked.get(taskId)?.has(key) === true;
  }

  /** The client was told that the task is over: nothing need be remembered of it, and nothing told. */
  forget(taskId: string): void {
    this.#asked.delete(taskId);
    this.#toFollow.delete(taskId);
  }

  /**
   * Tell the client of a task that was made on this connection, unless it learns by itself that the task is over. On a
   * session that several owners use, only the caller that opened it is told: its own stream may be read by any of them.
   */
  follow(task: RelayedTask): void {
    if (task.tasks.owner !== this.#openedBy) return;
    this.#toFollow.set(task.head.taskId, task);
    this.#following ??= setImmediate(() => {
      this.#following = undefined;
      for (const waiting of [...this.#toFollow.values()]) this.#tryToFollow(waiting);
    });
  }

  #tryToFollow(task: RelayedTask): void {
    try {
      this.relay(task);
    } catch (error) {
      this.#toFollow.delete(task.head.taskId);
      // Of a closed task layer there is nothing to tell any more.
      if (!TaskError.is(error, 'STORE_CLOSED')) this.reportError(error);
    }
  }

  /** The relay of a task, made when there is none. @throws {TaskError} STORE_CLOSED */
  relay(task: RelayedTask): TaskRelay {
    const { taskId } = task.head;
    // No task id has a line break in it.
    const name = `${taskId}\n${task.tasks.owner}`;
    const existing = this.#relays.get(name);
    if (existing !== undefined) return existing;
    const made = this.#toFollow.get(taskId);
    const isSame = made?.tasks.owner === task.tasks.owner;
    if (isSame) this.#toFollow.delete(taskId);
    const relay = new TaskRelay(made !== undefined && isSame ? made : task, this, () => this.#relays.delete(name));
    this.#relays.set(name, relay);
    return relay;
  }

  reportError(error: unknown): void {
    this.host.reportError(error);
  }

  #takeAnswer(response: JSONRPCResponse, extra: MessageExtraInfo | undefined): boolean {
    const question = answeredQuestion(response.id);
    if (question === undefined) return false;
    this.#acceptAnswer(response, this.#contextOf(extra)).catch((error: unknown) => {
      if (isFault(error)) this.reportError(error);
      // An answer that does not fit leaves the question open, and nothing tells the client so but the question.
      else this.#askAgain(question);
    });
    return true;
  }

  async #acceptAnswer(response: JSONRPCResponse, context: OwnerContext): Promise<void> {
    const refused = await this.host.limit.count(
      { method: 'response', name: undefined },
      { owner: this.host.ownerOf(context), context },
    );
    if (refused !== undefined) throw refused;
    await acceptAnswer(this.host, response, context);
  }

  #askAgain({ taskId, key }: QuestionName): void {
    this.#asked.get(taskId)?.delete(key);
    for (const relay of this.#relays.values()) if (relay.taskId === taskId) relay.askAgain(key);
  }

  #contextOf(extra: MessageExtraInfo | undefined): OwnerContext {
    return { authInfo: extra?.authInfo, request: extra?.request, sessionId: this.#transport.sessionId };
  }
}

function relatedTo(requestId: RequestId | undefined): { relatedRequestId: RequestId } | undefined {
  return requestId === undefined ? undefined : { relatedRequestId: requestId };
}
