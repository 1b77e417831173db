// The fault panel: which faults happen on purpose, how often, and a schedule that can be replayed.

import { hash } from 'node:crypto';

import { parsePoints } from './points.ts';

/** The faults that are set. A share is a number from 0 to 1. */
export interface Faults {
  /** Milliseconds to wait before each call is handled. */
  readonly latency_ms: number;
  /** Share of calls that are answered with 500 and not applied. */
  readonly error_500: number;
  /** Share of calls whose connection is reset and which are not applied. */
  readonly reset_before_apply: number;
  /** Share of calls that are applied and whose connection is then reset. */
  readonly reset_after_apply: number;
  /** Share of calls that are applied and answered with 500. */
  readonly error_after_apply: number;
  /** Share of calls that are applied twice, as if they had been delivered twice. */
  readonly duplicate_delivery: number;
  /** A decimal that is added to total_points. */
  readonly wrong_total: string;
  /** Reset every connection. */
  readonly down: boolean;
  /** Selects the calls that the faults hit. */
  readonly seed: number;
}

/** Faults that hit a share of the calls. */
export type RatedFault =
  | 'error_500'
  | 'reset_before_apply'
  | 'reset_after_apply'
  | 'error_after_apply'
  | 'duplicate_delivery';

/** No fault at all. */
export const NO_FAULTS: Faults = {
  latency_ms: 0,
  error_500: 0,
  reset_before_apply: 0,
  reset_after_apply: 0,
  error_after_apply: 0,
  duplicate_delivery: 0,
  wrong_total: '0',
  down: false,
  seed: 1,
};

/** Reads each fault from JSON or from the command line. Undefined for an invalid value. */
const readers: { readonly [Name in keyof Faults]: (value: unknown) => Faults[Name] | undefined } = {
  latency_ms: (value) => numberWithin(value, 0, 600_000),
  error_500: (value) => numberWithin(value, 0, 1),
  reset_before_apply: (value) => numberWithin(value, 0, 1),
  reset_after_apply: (value) => numberWithin(value, 0, 1),
  error_after_apply: (value) => numberWithin(value, 0, 1),
  duplicate_delivery: (value) => numberWithin(value, 0, 1),
  wrong_total: (value) =>
    (typeof value === 'string' || typeof value === 'number') &&
    parsePoints(String(value)) !== undefined
      ? String(value)
      : undefined,
  down: (value) =>
    typeof value === 'boolean'
      ? value
      : value === 'true'
        ? true
        : value === 'false'
          ? false
          : undefined,
  seed: (value) => numberWithin(value, 0, 2 ** 53 - 1),
};

/** Names of all faults. */
export const FAULT_NAMES = Object.keys(readers) as readonly (keyof Faults)[];

/** The named faults, and no others; or a sentence about the first invalid one. */
export function readFaults(values: Readonly<Record<string, unknown>>): Faults | string {
  let faults = NO_FAULTS;
  for (const [name, value] of Object.entries(values)) {
    if (!Object.hasOwn(readers, name))
      return `There is no fault ${name}. The faults are ${FAULT_NAMES.join(', ')}.`;
    const read = readers[name as keyof Faults](value);
    if (read === undefined) return `${name} cannot be ${JSON.stringify(value)}.`;
    faults = { ...faults, [name]: read };
  }
  return faults;
}

function numberWithin(value: unknown, from: number, to: number): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.trim() !== ''
        ? Number(value)
        : Number.NaN;
  return number >= from && number <= to ? number : undefined;
}

/** The faults that are set, and their schedule. */
export interface FaultPanel {
  readonly faults: Faults;
  /** Replaces all faults and restarts the schedule. */
  set(faults: Faults): void;
  /** Counts one attempt of a call, and returns which faults hit it. */
  draw(call: string): (fault: RatedFault) => boolean;
}

/** Most calls whose attempts are counted; after that the counting starts again. */
const MAX_COUNTED = 200_000;

/**
 * Whether a fault hits a call depends only on the seed, the call (including the transaction id) and
 * the number of the attempt. So every run hits the same calls, in whatever order they arrive.
 */
export function createFaultPanel(initial: Faults): FaultPanel {
  const attempts = new Map<string, number>();
  const panel = {
    faults: initial,
    set(faults: Faults) {
      panel.faults = faults;
      attempts.clear();
    },
    draw(call: string) {
      if (attempts.size >= MAX_COUNTED) attempts.clear();
      const attempt = (attempts.get(call) ?? 0) + 1;
      attempts.set(call, attempt);
      const { faults } = panel;
      return (fault: RatedFault) =>
        faults[fault] > 0 &&
        chanceOf(`${faults.seed}\n${call}\n${attempt}\n${fault}`) < faults[fault];
    },
  };
  return panel;
}

/** Text → a number from 0 (inclusive) to 1 (exclusive). */
function chanceOf(text: string): number {
  return hash('sha256', text, 'buffer').readUInt32BE(0) / 2 ** 32;
}
