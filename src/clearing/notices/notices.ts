// Notices: follows the ledger's journal and reports transfers, reversals, holds and expiring points
// in the feed. Never holds up a posting, and reports each row once. The only file of this room that
// others import.

export { createNotices, type Notices } from './create-notices.ts';
