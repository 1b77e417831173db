// The one rule for a platform's ids of its users, wherever they come in: what can be one at all,
// and what may be linked anew. Pure.

/** Longest id that a platform may use for its user, in code points. */
export const MAX_USER_ID_LENGTH = 128;
/**
 * What every id keeps to, also one that was linked before the rule below: no control characters and
 * no half surrogate pairs. For JSON Schema.
 */
export const USER_ID_TEXT = '^[^\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]*$';

const text = new RegExp(USER_ID_TEXT, 'u');
/**
 * A letter, digit, punctuation mark or symbol that is drawn; the two that are excepted by number
 * are blank signs.
 */
const VISIBLE = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u{2800}\u{1D159}]]/v;
/**
 * Of those that nobody sees, only the joiners and variation selectors that scripts and emoji are
 * written with.
 */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}--[\u{200C}\u{200D}\p{Variation_Selector}]]/v;
const MAX_CHARACTERS_TOLD = 40;

/**
 * Why an id may not be linked, as the end of a sentence; undefined when it may. In order of
 * precedence.
 */
const FAULTS: readonly (readonly [fault: string, has: (id: string) => boolean])[] = [
  ['is empty', (id) => id === ''],
  [`is longer than ${MAX_USER_ID_LENGTH} characters`, isTooLong],
  ['has control characters or half of a surrogate pair', (id) => /[\p{Cc}\p{Cs}]/u.test(id)],
  ['has characters that change the direction of text', (id) => /\p{Bidi_Control}/u.test(id)],
  ['has no visible character', (id) => !VISIBLE.test(id)],
  ['has invisible characters', (id) => UNSEEN.test(id)],
  [
    'has characters that are no text, such as U+FFFD',
    (id) => /[\p{Noncharacter_Code_Point}\u{FFFD}\p{Zl}\p{Zp}]/u.test(id),
  ],
  ['begins or ends with a space', (id) => /^\p{White_Space}|\p{White_Space}$/u.test(id)],
  ['cannot stand in a URL', (id) => id === '.' || id === '..'],
];

/**
 * Whether an id can be that of a user who is linked; one that was linked when the rule for new ones
 * was wider still is.
 */
export function isUserId(id: string): boolean {
  return id !== '' && !isTooLong(id) && text.test(id);
}

/** What keeps an id from being linked anew, as the end of a sentence. */
export function faultOfNewUserId(id: string): string | undefined {
  return FAULTS.find(([, has]) => has(id))?.[0];
}

/** An id in a message: short, and with nothing that could confuse a terminal or a page. */
export function showUserId(id: string): string {
  const characters = [...id];
  const shown =
    characters.length > MAX_CHARACTERS_TOLD
      ? `${characters.slice(0, MAX_CHARACTERS_TOLD).join('')}…`
      : id;
  return JSON.stringify(
    shown.replaceAll(
      /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
      (character) =>
        `{U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`,
    ),
  );
}

/** As JSON Schema and PostgreSQL count: a character outside the basic plane is one. */
function isTooLong(id: string): boolean {
  return id.length > MAX_USER_ID_LENGTH && [...id].length > MAX_USER_ID_LENGTH;
}
