/** A fault of the person's, with a sentence that says what to do. No stack is shown. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
