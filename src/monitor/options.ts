// Formats of the journal's export and the longest period of a backtest, which commands show in
// their help.

/** Formats of the journal's export. */
export const journalFormats = ['hledger', 'csv'] as const;
/** One of `journalFormats`. */
export type JournalFormat = (typeof journalFormats)[number];

/** Longest period of a backtest, in days. */
export const MAX_BACKTEST_DAYS = 400;
