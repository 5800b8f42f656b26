import type { MessageCase } from './compare.ts';
import { MESSAGES_2025 } from './messages-2025.ts';
import { MESSAGES_2026 } from './messages-2026.ts';
import { SHARED_MESSAGES } from './messages-shared.ts';

/** Every message with a schema. */
export const MESSAGES: readonly MessageCase[] = [...SHARED_MESSAGES, ...MESSAGES_2025, ...MESSAGES_2026];
