// A broken invariant stops the operation at once: an assertion failure is always a defect of
// Pontis, never of its caller.

/** Thrown when the program finds itself in a state it holds impossible. */
class AssertionFailure extends Error {
  override name = 'AssertionFailure';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}
