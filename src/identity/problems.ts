// Problems with platforms, operators, members and links, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

/** Problems of the identity module. */
export const identityProblems = defineProblems({
  unknown_platform: {
    status: 401,
    error: 'Unknown platform',
    advice: 'The platform of this token is not registered here; ask the network operator.',
  },
  platform_suspended: {
    status: 403,
    error: 'Platform suspended',
    advice:
      'The network operator has suspended this platform. Nothing is posted for it until it is ' +
      'active again.',
  },
  too_many_unknown_users: {
    status: 429,
    error: 'Too many unknown users',
    retryable: true,
    advice:
      'Your calls have named too many users who do not exist on other platforms. Transfers to ' +
      'other platforms are possible again in the next hour. Check the ids that your users enter.',
  },
  operator_token_missing: {
    status: 401,
    error: 'Missing operator token',
    advice:
      'Send your operator token as Authorization: Bearer <token>; `pontis operator add` and ' +
      '`pontis operator token` print one.',
  },
  operator_token_invalid: {
    status: 401,
    error: 'Invalid operator token',
    advice:
      'Send the token exactly as it was printed last. `pontis operator token` makes a new one, ' +
      'and the old one becomes invalid.',
  },
  operator_suspended: {
    status: 403,
    error: 'Operator suspended',
    advice: 'This operator may do nothing until `pontis operator resume` is run for it.',
  },
  invalid_platform_id: {
    status: 400,
    error: 'Invalid platform id',
    advice: 'Use 3 to 40 characters of a-z, 0-9 and _, starting with a letter.',
  },
  platform_exists: {
    status: 409,
    error: 'Platform exists',
    advice: 'Choose another platform_id, or rotate the secret of the existing platform.',
  },
  platform_not_found: {
    status: 404,
    error: 'Platform not found',
    advice: 'Name a platform that is registered in this network.',
  },
  invalid_operator_id: {
    status: 400,
    error: 'Invalid operator id',
    advice: 'Use 2 to 40 characters of a-z, 0-9, _, . and -, starting with a letter.',
  },
  operator_exists: {
    status: 409,
    error: 'Operator exists',
    advice: 'Choose another operator_id, or make a new token for the existing operator.',
  },
  operator_not_found: {
    status: 404,
    error: 'Operator not found',
    advice: 'Name an operator of this network; `pontis operator list` shows them.',
  },
  invalid_user_id: {
    status: 400,
    error: 'Invalid user id',
    advice:
      'Use 1 to 128 characters, at least one of them visible. Control characters, invisible ' +
      'characters and characters that change the direction of text are not allowed.',
  },
  user_not_found: {
    status: 404,
    error: 'User not found',
    advice:
      'Link the user with POST /api/users first; use the id from the platform that owns the user.',
  },
  link_conflict: {
    status: 409,
    error: 'Not the link of this user',
    advice:
      'A member_id can only confirm the link that your user already has. Leave it out to link a ' +
      'user. Users of several platforms are linked to one person by the operators of the ' +
      'network (`pontis member link`).',
  },
  member_not_found: {
    status: 404,
    error: 'Member not found',
    advice: "Give the id of a member; `pontis member find` shows the member of a platform's user.",
  },
  user_already_linked: {
    status: 409,
    error: 'User already linked',
    advice:
      'Links are permanent, and this user belongs to another member. Only a user without a link ' +
      'can be linked.',
  },
  member_already_linked: {
    status: 409,
    error: 'Member already linked',
    advice: 'A member has one user on each platform, and this member already has another one.',
  },
});
