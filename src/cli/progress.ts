// A progress line for long work, shown only on a terminal.

import { stderr } from 'node:process';

export interface Progress {
  show(done: number, total: number): void;
  /** Removes the line, so that the output after it stands alone. */
  clear(): void;
}

const WIDTH = 24;
const INTERVAL_MS = 100;

/**
 * `wanted` is false for output that a program reads. The line goes to standard error, because
 * standard output is for the result.
 */
export function createProgress(
  label: string,
  wanted: boolean,
  output: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = stderr,
): Progress {
  if (!wanted || !output.isTTY) return { show: () => undefined, clear: () => undefined };
  // Undefined until the first line, so that the first one is shown at once.
  let shownAt: number | undefined;
  return {
    show(done, total) {
      const now = performance.now();
      if (shownAt !== undefined && now - shownAt < INTERVAL_MS) return;
      shownAt = now;
      output.write(`\r\u001B[K${lineOf(label, total === 0 ? 0 : Math.min(1, done / total))}`);
    },
    clear() {
      if (shownAt !== undefined) output.write('\r\u001B[K');
    },
  };
}

export function lineOf(label: string, fraction: number): string {
  const filled = Math.floor(fraction * WIDTH);
  return (
    `${label} [${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ` +
    `${String(Math.floor(fraction * 100)).padStart(3)} %`
  );
}
