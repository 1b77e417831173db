// The table of acts: everything that operators can do, how many persons each act takes, and why.
// The table of routes (src/api/routes.ts) names the acts that a call can be; help and documents read
// this table too. Acts that narrow, look or write notes take one person; acts that widen, pay, force
// or redirect take two.

/** `two_once_there_are_two`: the first operators of a network have nobody to ask. */
type Persons = 'one' | 'two' | 'two_once_there_are_two';

export interface ActRow {
  readonly persons: Persons;
  /** Why this number of persons. */
  readonly why: string;
  /** Commands that are this act. */
  readonly commands?: readonly string[];
  /**
   * How the second person decides, for acts that have a form of their own: a proposal of the
   * rulebook, a request about a reserve, a proposal to pay a window. Without it, an act of two
   * persons is a request (`pontis requests`).
   */
  readonly decidedWith?: string;
}

function one(why: string, commands: readonly string[]): ActRow & { readonly persons: 'one' } {
  return { persons: 'one', why, commands };
}

export const ACTS = {
  operator_add: {
    persons: 'two_once_there_are_two',
    commands: ['operator add'],
    why: 'A person who adds an operator alone also chooses the second person.',
  },
  operator_token: {
    persons: 'two_once_there_are_two',
    commands: ['operator token'],
    why: 'The holder of the new token acts as that person.',
  },
  operator_resume: {
    persons: 'two_once_there_are_two',
    commands: ['operator resume'],
    why: 'It gives back the power that a suspension has taken.',
  },
  operator_recover: one(
    'It is done by the owner of the machine, who could write into the database anyway: the audit ' +
      'shows it.',
    ['operator recover'],
  ),
  operator_suspend: one('It narrows: the person can do nothing until it is resumed.', [
    'operator suspend',
  ]),

  platform_add: one('A new platform can owe nothing until its cap is raised, which takes two.', [
    'platform add',
  ]),
  platform_token: {
    persons: 'two_once_there_are_two',
    commands: ['platform token'],
    why: 'A token and the secret together are the platform.',
  },
  platform_secret: {
    persons: 'two_once_there_are_two',
    commands: ['platform rotate-secret'],
    why: 'A person who knows the secret can sign as the platform.',
  },
  platform_revoke: one('It narrows: the platform can do nothing until it has a new token.', [
    'platform revoke',
  ]),
  platform_signing: one(
    'It sets the forms of signing that a platform may use; each proves the same secret.',
    ['platform signing'],
  ),
  scrape_token: one('It shows figures to a monitor, and moves nothing.', ['scrape-token']),

  member_link: {
    persons: 'two',
    commands: ['member link'],
    why: 'Users that are one person share its limits and its other users, for ever.',
  },

  connection_set: {
    persons: 'two',
    commands: ['connector set'],
    why: 'A person who sets the address or the token of a platform can answer in its place.',
  },
  connection_remove: {
    persons: 'two',
    commands: ['connector remove'],
    why: 'Transfers under way stop where they are, and the next address is a new one.',
  },

  transfer_retry: one('The platform is asked what it has done; nothing happens twice.', [
    'transfers retry',
  ]),
  transfer_undo: one("Everything becomes as before, by the platforms' own word.", [
    'transfers undo',
  ]),
  transfer_force_completed: {
    persons: 'two',
    commands: ['transfers complete'],
    why: 'It posts points that no platform has confirmed.',
  },
  transfer_force_failed: {
    persons: 'two',
    commands: ['transfers fail'],
    why: 'It gives points back that a platform may have taken.',
  },

  mode_narrow: one('A platform takes a smaller part in conversions than before.', ['reserve mode']),
  mode_widen: {
    persons: 'two',
    commands: ['reserve mode'],
    why: 'A platform takes a larger part in conversions than before.',
  },
  reserve_money: {
    persons: 'two',
    commands: ['reserve deposit', 'reserve withdraw'],
    decidedWith: 'pontis reserve approve',
    why: 'It records that money has come in or is to be paid out.',
  },
  reserve_cap_lower: one('A platform may owe less than before.', ['reserve cap']),
  reserve_cap: {
    persons: 'two',
    commands: ['reserve cap'],
    decidedWith: 'pontis reserve approve',
    why: 'A higher cap lets a platform owe more.',
  },
  reserve_decision: one("It is the second person's decision, or takes back one's own request.", [
    'reserve approve',
    'reserve reject',
    'reserve cancel',
  ]),

  rulebook_change: {
    persons: 'two',
    commands: ['rules propose', 'rates set'],
    decidedWith: 'pontis rules approve',
    why: 'Rates, fees, limits and rewards decide what points are worth.',
  },
  rulebook_decision: one("It is the second person's decision, or takes back one's own proposal.", [
    'rules approve',
    'rules reject',
    'rules withdraw',
  ]),

  window_close: one('It cuts the journal; nothing is paid.', ['windows close']),
  window_settings: one('They decide when windows close by themselves; nothing is paid.', [
    'windows settings',
  ]),
  window_payment: {
    persons: 'two',
    commands: ['windows settle'],
    decidedWith: 'pontis windows approve',
    why: 'It moves money between platforms.',
  },
  window_act: {
    persons: 'two',
    commands: ['windows leave-out', 'windows abort', 'windows take-back'],
    decidedWith: 'pontis windows approve',
    why: 'It changes who pays whom, and when.',
  },
  window_decision: one("It is the second person's decision, or takes back one's own proposal.", [
    'windows approve',
    'windows withdraw',
  ]),

  break_accept: {
    persons: 'two',
    commands: ['reconcile accept'],
    why: 'An accepted difference is no longer searched for.',
  },
  break_adjust: {
    persons: 'two',
    commands: ['reconcile adjust'],
    why: 'It gives points to a member, and one platform pays another for them.',
  },
  break_words: one('It asks or notes, and moves nothing.', ['reconcile recheck', 'reconcile note']),
  reconciliation_run: one('It compares, and moves nothing.', ['reconcile run']),

  review_decision: one(
    'A platform has asked for the transfer; the operator is the second person.',
    ['reviews approve', 'reviews reject'],
  ),
  dispute_open: one('It claims and freezes, and moves nothing; another operator decides.', [
    'reconcile dispute',
  ]),
  dispute_decision: one(
    'One side has claimed; the operator who opened the dispute for it does not decide.',
    ['disputes decide'],
  ),

  webhook_change: one('It tells, and moves nothing.', ['webhooks redeliver']),
  earnings_import: one(
    "The file is the platform's own word, and the platform owes what it issues.",
    ['import earnings'],
  ),
  request_decision: one("It is the second person's decision, or takes back one's own request.", [
    'requests approve',
    'requests reject',
    'requests withdraw',
  ]),
  look: one('It changes nothing.', []),
} as const satisfies Readonly<Record<string, ActRow>>;

export type ActName = keyof typeof ACTS;

/** Acts for which another operator is asked by a request of this module. */
export type RequestedAct = {
  [Name in ActName]: (typeof ACTS)[Name] extends
    | { readonly persons: 'one' }
    | { readonly decidedWith: string }
    ? never
    : Name;
}[ActName];

const rows: readonly (readonly [string, ActRow])[] = Object.entries(ACTS);

export function actsOfCommand(command: string): readonly ActRow[] {
  return rows.filter(([, { commands = [] }]) => commands.includes(command)).map(([, row]) => row);
}

/** For help and API description: who has to agree; undefined where one person is enough. */
export function personsSentence(acts: readonly ActRow[]): string | undefined {
  const [two] = acts.filter(({ persons }) => persons !== 'one');
  if (two === undefined) return undefined;
  const when =
    two.persons === 'two_once_there_are_two'
      ? ' once there are two'
      : acts.length > 1
        ? ' when it widens'
        : '';
  return (
    `Takes two operators${when}; another one approves it with ` +
    `${two.decidedWith ?? 'pontis requests approve'}. ${two.why}`
  );
}
