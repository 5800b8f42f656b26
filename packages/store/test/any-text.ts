import fc from 'fast-check';

/** Any well-formed Unicode, also control characters and unassigned ones: each code point but the surrogates. */
export function anyText(
  options: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<string> {
  const codePoints = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));
  const characters = codePoints.map((codePoint) => String.fromCodePoint(codePoint));
  return fc
    .array(fc.oneof(characters, fc.constantFrom('\0', ':', '/', '"', "'", '\\', '%', 'é')), options)
    .map((all) => all.join(''));
}
