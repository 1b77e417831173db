// Describes the id of a member in a request.

import { Type } from 'typebox';

/** A lower-case UUID. */
export const MemberIdText = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'The global id (GUID) of a member.',
});
