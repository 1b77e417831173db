// Assertions. A broken invariant stops the operation at once; it is always a defect of Pontis,
// never a mistake of the caller.

/** Thrown when the program finds itself in a state that it takes to be impossible. */
class AssertionFailure extends Error {
  override name = 'AssertionFailure';
}

/** Throws `AssertionFailure` with `message` unless the condition holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}
