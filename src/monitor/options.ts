// The forms in which the journal is exported, and how far back a backtest may go: what a command says
// in its help.

/** The forms in which the journal is written. */
export const journalFormats = ['hledger', 'csv'] as const;
/** One of `journalFormats`. */
export type JournalFormat = (typeof journalFormats)[number];

/** The longest period that a backtest looks back over. */
export const MAX_BACKTEST_DAYS = 400;
