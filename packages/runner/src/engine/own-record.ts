import type { TaskEntryKind, TaskLease } from '@mcp-tasks/store';
import type { RecordRule } from '@mcp-tasks/store/rules';
import type { AuthorSchema, SchemaOutput } from '../api/schema.ts';
import type { Elicited, ElicitQuestion } from '../api/task-context.ts';
import { hostOf } from '../handler/handler-context.ts';
import { throwIfEnded } from '../handler/handler-host.ts';
import { toElicited } from '../tool/question-answer.ts';
import { elicitRequest } from '../tool/question-form.ts';

/**
 * Decide on the task's record as it is now, and write the decision under compare-and-set, from inside a handler. It
 * takes its turn with all other writes of the run. On an inline run the record is in memory and belongs to this run
 * alone.
 *
 * @param task - the context that the handler got.
 * @throws {TaskError} RUN_ENDED - the run may no longer write; every error that the rule throws or refuses with.
 */
export async function amendOwn<Value>(
  task: object,
  kinds: readonly TaskEntryKind[],
  rule: RecordRule<Value>,
): Promise<Value> {
  const host = hostOf(task);
  throwIfEnded(host);
  return host.amend(kinds, rule);
}

/** Find the lease under which a handler's run writes, for rules that need one. */
export function leaseOf(task: object): TaskLease {
  return hostOf(task).lease;
}

/**
 * Ask the person behind the client without waiting: the question is stored when this resolves. An inline run cannot
 * store the question, and waits.
 *
 * @returns the answer if there is one already, else `undefined`.
 * @throws {TaskError} as `elicit` of the task context, except QUESTION_KEY_REUSED.
 */
export async function askWithoutWaiting<Schema extends AuthorSchema>(
  task: object,
  key: string,
  question: ElicitQuestion<Schema>,
): Promise<Elicited<SchemaOutput<Schema>> | undefined> {
  const host = hostOf(task);
  throwIfEnded(host);
  const response = await host.questions.open(key, elicitRequest(key, question));
  return response === undefined ? undefined : toElicited(key, question.schema, response);
}
