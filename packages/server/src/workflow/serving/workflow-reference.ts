import { isJsonObject, WORKFLOW_META_KEY, type WorkflowRequestMeta } from '@mcp-tasks/wire';
import { type Fields, fieldsOf } from '../../request/task-request.ts';

/** The older form: the task's id alone. */
const TASK_ID_META_KEY = '_task_id';
const MAX_NAME_CHARACTERS = 256;

/** Fault of a reference that cannot be read. */
export const MALFORMED_REFERENCE =
  `_meta["${WORKFLOW_META_KEY}"] must be an object with the string taskId, and step and callId, if given, must be strings ` +
  `of 1 to ${MAX_NAME_CHARACTERS} characters.`;

/**
 * Which workflow task a request is for.
 *
 * @returns undefined when it names none, 'malformed' when what it says under our key cannot be read.
 */
export function readWorkflowReference(params: unknown): WorkflowRequestMeta | 'malformed' | undefined {
  const meta = fieldsOf(params)['_meta'];
  if (!isJsonObject(meta)) return undefined;
  const { [WORKFLOW_META_KEY]: reference, [TASK_ID_META_KEY]: olderTaskId } = meta;
  if (reference !== undefined) return checked(reference) ?? 'malformed';
  return typeof olderTaskId === 'string' ? { taskId: olderTaskId } : undefined;
}

function checked(reference: unknown): WorkflowRequestMeta | undefined {
  const { taskId, step, callId }: Fields = fieldsOf(reference);
  if (typeof taskId !== 'string' || !isName(step) || !isName(callId)) return undefined;
  return { taskId, ...(step !== undefined && { step }), ...(callId !== undefined && { callId }) };
}

function isName(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '' && value.length <= MAX_NAME_CHARACTERS);
}
