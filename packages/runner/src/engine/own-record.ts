import type { TaskEntryKind, TaskLease } from '@mcp-tasks/store';
import type { RecordRule } from '@mcp-tasks/store/rules';
import type { AuthorSchema, SchemaOutput } from '../api/schema.ts';
import type { Elicited, ElicitQuestion } from '../api/task-context.ts';
import { HandlerContext } from '../handler/handler-context.ts';
import { throwIfEnded } from '../handler/handler-host.ts';
import { toElicited } from '../tool/question-answer.ts';
import { elicitRequest } from '../tool/question-form.ts';

/**
 * From inside a handler: decide on the task's record as it is now, and write what is decided under compare-and-set, in turn
 * with all other writes of the run. On an inline run the record is in memory, and this run's alone.
 *
 * @param task - the context that the handler got.
 * @throws {TaskError} RUN_ENDED - the run may no longer write; whatever the rule throws or refuses with.
 */
export async function amendOwn<Value>(
  task: object,
  kinds: readonly TaskEntryKind[],
  rule: RecordRule<Value>,
): Promise<Value> {
  const host = HandlerContext.hostOf(task);
  throwIfEnded(host);
  return host.amend(kinds, rule);
}

/** The lease under which a handler's run writes, for rules that want one. */
export function leaseOf(task: object): TaskLease {
  return HandlerContext.hostOf(task).lease;
}

/**
 * Ask the person behind the client without waiting: the question is stored when this resolves. An inline run has nowhere to
 * keep it, and waits.
 *
 * @returns the answer if there is one already, else `undefined`.
 * @throws {TaskError} as `elicit` of the task context, but for QUESTION_KEY_REUSED.
 */
export async function askWithoutWaiting<Schema extends AuthorSchema>(
  task: object,
  key: string,
  question: ElicitQuestion<Schema>,
): Promise<Elicited<SchemaOutput<Schema>> | undefined> {
  const host = HandlerContext.hostOf(task);
  throwIfEnded(host);
  const response = await host.openQuestion(key, elicitRequest(key, question));
  return response === undefined ? undefined : toElicited(key, question.schema, response);
}
