// Readings of one state, one after another: an older one never takes the place of a newer one, and
// none is older than who asked for it.

/**
 * The function's promise resolves after a reading that began no earlier than the call; calls that
 * wait for their turn share one.
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
