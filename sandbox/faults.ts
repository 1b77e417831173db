// The fault panel: what goes wrong on purpose, how often, and a schedule of it that can be
// replayed.

import { hash } from 'node:crypto';

import { parsePoints } from './points.ts';

export interface Faults {
  /** Waited before each call is looked at. */
  readonly latency_ms: number;
  /** Share of calls answered with 500 and not carried out. */
  readonly error_500: number;
  /** Share of calls whose connection is reset and which are not carried out. */
  readonly reset_before_apply: number;
  /** Share of calls that are carried out and whose connection is reset then. */
  readonly reset_after_apply: number;
  /** Share of calls that are carried out and answered with 500. */
  readonly error_after_apply: number;
  /** Share of calls that are carried out twice, as if they had been delivered twice. */
  readonly duplicate_delivery: number;
  /** Added to total_points: a decimal. */
  readonly wrong_total: string;
  /** Every connection is reset. */
  readonly down: boolean;
  /** Chooses which calls are hit. */
  readonly seed: number;
}

export type RatedFault =
  | 'error_500'
  | 'reset_before_apply'
  | 'reset_after_apply'
  | 'error_after_apply'
  | 'duplicate_delivery';

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

/** Reads each fault from JSON or from the command line; undefined when the value cannot be one. */
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

export const FAULT_NAMES = Object.keys(readers) as readonly (keyof Faults)[];

/**
 * The faults that are named, and none of the others; or a sentence that says which one cannot be.
 */
export function readFaults(values: Readonly<Record<string, unknown>>): Faults | string {
  let faults = NO_FAULTS;
  for (const [name, value] of Object.entries(values)) {
    if (!Object.hasOwn(readers, name))
      return `There is no fault ${name}. There are ${FAULT_NAMES.join(', ')}.`;
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

export interface FaultPanel {
  readonly faults: Faults;
  /** Replaces all faults and begins the schedule again. */
  set(faults: Faults): void;
  /** One call: answers which faults hit it. */
  draw(call: string): (fault: RatedFault) => boolean;
}

/** Calls whose attempts are counted; beyond it counting begins again. */
const MAX_COUNTED = 200_000;

/**
 * Whether a call is hit depends on the seed, what is called (the transaction's id included) and
 * which attempt it is, and on nothing else: the same calls are hit in every run, in whatever order
 * they arrive.
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

/** Text → a number from 0 up to but not including 1. */
function chanceOf(text: string): number {
  return hash('sha256', text, 'buffer').readUInt32BE(0) / 2 ** 32;
}
