// The member that stands where a quote or a dry run has none: a user who is not known or not looked
// up.

import type { MemberId } from '../../kernel/ids.ts';

/** No member has this id. */
export const NOBODY = '00000000-0000-0000-0000-000000000000' as MemberId;
