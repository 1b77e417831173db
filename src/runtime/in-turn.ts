// Reads one state again and again, one reading at a time. An older reading never replaces a newer
// one, and a caller never gets a reading that began before its call.

/**
 * Returns a function whose promise resolves after a reading that began no earlier than the call.
 * Calls that wait for the same reading share it.
 */
export function inTurn(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;

  function start(): Promise<void> {
    const mine = read().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  }

  return () => {
    if (waiting !== undefined) return waiting;
    if (running === undefined) return start();
    waiting = running
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        return start();
      });
    return waiting;
  };
}
