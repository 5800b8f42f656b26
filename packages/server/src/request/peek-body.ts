import { readRequestBody } from '@modelcontextprotocol/server';

/**
 * Read a copy of a request's JSON body; the request itself stays as it is.
 *
 * @returns undefined for a body that is too large, cut off, read already or no JSON: the SDK has its own answer to
 * these.
 */
export async function peekBody(request: Request, maxBytes: number | undefined): Promise<unknown> {
  if (request.bodyUsed) return undefined;
  try {
    const read = await readRequestBody(request.clone(), maxBytes);
    return read.tooLarge ? undefined : (JSON.parse(read.text) as unknown);
  } catch {
    return undefined;
  }
}
