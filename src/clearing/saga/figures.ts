// Figures of all sagas for the health page and metrics, cached for half a second with a short
// time-out, so frequent scrapes cost one query.

import type { SagaFigures } from './store.ts';

const FRESH_MS = 500;
const FIGURES_TIMEOUT_MS = 2_000;

/** Monitors ask often and at the same time; one query serves them all. */
export function rememberFigures(ask: () => Promise<SagaFigures>): () => Promise<SagaFigures> {
  let asked: { readonly figures: Promise<SagaFigures>; readonly atMs: number } | undefined;
  return () => {
    const now = performance.now();
    if (asked === undefined || now - asked.atMs > FRESH_MS)
      asked = { figures: withinTime(ask()), atMs: now };
    return asked.figures;
  };
}

async function withinTime(figures: Promise<SagaFigures>): Promise<SagaFigures> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error('the database does not answer')),
    FIGURES_TIMEOUT_MS,
  );
  try {
    return await Promise.race([figures, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
