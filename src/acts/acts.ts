// What operators do, and how many persons each act takes: the table of all acts, and the requests
// with which one operator asks another. Does an act only through the module that owns it. The only
// file of this module that others import.

export { writeLinks } from './perform-members.ts';
export { actProblems } from './problems.ts';
export { createActs, type Acts } from './requests.ts';
export { ACTS, personsSentence, type ActName, type RequestedAct } from './table.ts';
export type { ActArguments, ActRequest, ActRequestNow, Asked, NewActRequest } from './types.ts';
