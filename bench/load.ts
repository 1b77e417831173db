// Closed-loop load: a number of callers, each of which waits for its answer before it asks again.

/** Measurements of a load. */
export interface Load {
  /** Answers per second. */
  readonly rate: number;
  /** Milliseconds from question to answer. */
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

/** Runs `ask` in `callers` loops for `seconds`. A warm-up before that is not counted. */
export async function runLoad(
  callers: number,
  seconds: number,
  ask: (caller: number) => Promise<boolean>,
): Promise<Load> {
  const latencies: number[] = [];
  let failures = 0;
  const phase = { counting: false, ended: false };
  const loops = Array.from({ length: callers }, async (_, caller) => {
    while (!phase.ended) {
      const from = performance.now();
      const done = await ask(caller);
      if (!phase.counting) continue;
      if (done) latencies.push(performance.now() - from);
      else failures += 1;
    }
  });
  await pause(Math.min(2, seconds / 4));
  phase.counting = true;
  const from = performance.now();
  await pause(seconds);
  phase.counting = false;
  const elapsed = (performance.now() - from) / 1000;
  phase.ended = true;
  await Promise.all(loops);
  return { rate: latencies.length / elapsed, ...percentiles(latencies), failures };
}

/** Percentiles in milliseconds; sorts the list in place. */
export function percentiles(latencies: number[]): { readonly p50: number; readonly p99: number } {
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Waits. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** The median of a list; NaN if it is empty. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
