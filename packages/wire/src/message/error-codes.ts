/**
 * The JSON-RPC error codes that tasks use.
 *
 * @see 2025-11-25, Tasks, "Protocol Errors"
 * @see SEP-2663, "Capability Negotiation" for -32021
 */
export const JSON_RPC_ERROR = {
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  MISSING_REQUIRED_CLIENT_CAPABILITY: -32021,
} as const;
