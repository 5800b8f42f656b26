/** Methods of requests and notifications that tasks use; the names say in which generation, none: in both. */
export const TASK_METHODS = {
  CALL_TOOL: 'tools/call',
  GET: 'tasks/get',
  CANCEL: 'tasks/cancel',
  RESULT_2025: 'tasks/result',
  LIST_2025: 'tasks/list',
  STATUS_NOTIFICATION_2025: 'notifications/tasks/status',
  UPDATE_2026: 'tasks/update',
  NOTIFICATION_2026: 'notifications/tasks',
  LISTEN_2026: 'subscriptions/listen',
  SUBSCRIPTIONS_ACKNOWLEDGED_2026: 'notifications/subscriptions/acknowledged',
  ELICIT: 'elicitation/create',
  SAMPLE: 'sampling/createMessage',
} as const;
