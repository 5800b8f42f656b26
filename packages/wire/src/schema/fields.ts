import * as z from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

// Fields that several schemas share. Not exported by the package.

/** Any JSON object. What it holds is not walked: a transport delivers JSON, and depth must not cost a stack. */
export const jsonObject = z.custom<JsonObject>(isJsonObject, 'Invalid input: expected object');

function isValue(value: unknown): boolean {
  return ['string', 'boolean', 'object'].includes(typeof value) || Number.isFinite(value);
}

const NOT_JSON = 'Invalid input: expected a JSON value';

/** Any JSON value, not walked either. */
export const jsonValue = z.custom<JsonValue>(isValue, NOT_JSON);

/** As {@link jsonValue}, as loosely typed as authors may give it. */
export const structuredContent = z.custom<JsonValue | Record<string, unknown>>(isValue, NOT_JSON);

/** A map with the names of others. */
export const meta = z.record(z.string(), z.unknown());

// One search for a wrong character: a pattern of repeated groups overflows the stack on some megabytes.
function isBase64(text: string): boolean {
  const packed = text.replaceAll(/[\t\n\f\r ]/g, '');
  const digits = packed.length % 4 === 0 ? packed.replace(/={1,2}$/, '') : packed;
  return digits.length % 4 !== 1 && !/[^A-Za-z0-9+/]/.test(digits);
}

/** Base64 as every known peer reads it: whitespace and missing padding are allowed. */
export const base64 = z.string().refine(isBase64, 'Invalid input: expected base64');

/** ISO 8601 with a time zone, as every known peer reads it. */
export const instant = z.iso.datetime({ offset: true });

/** From 0 to 1. */
export const fraction = z.number().min(0).max(1);

export const role = z.enum(['user', 'assistant']);
