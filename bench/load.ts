// Closed-loop load: so many callers, each waiting for its own answer before it asks again.

export interface Load {
  /** Answers per second. */
  readonly rate: number;
  /** Milliseconds from question to answer. */
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

/** Runs `ask` in `callers` loops for `seconds`, after a warm-up that is not counted. */
export async function runLoad(callers: number, seconds: number, ask: (caller: number) => Promise<boolean>, warmUpSeconds = 2): Promise<Load> {
  const latencies: number[] = [];
  let failures = 0;
  let counting = false;
  let running = true;
  const loops = Array.from({ length: callers }, async (_, caller) => {
    while (running) {
      const from = performance.now();
      const done = await ask(caller);
      if (!counting) continue;
      if (done) latencies.push(performance.now() - from);
      else failures += 1;
    }
  });
  await pause(warmUpSeconds);
  counting = true;
  const from = performance.now();
  await pause(seconds);
  counting = false;
  const elapsed = (performance.now() - from) / 1000;
  running = false;
  await Promise.all(loops);
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { rate: latencies.length / elapsed, p50: at(0.5), p99: at(0.99), failures };
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
