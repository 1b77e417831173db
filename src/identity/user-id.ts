// The rule for a platform's ids of its users: which text can be an id at all, and which id may be
// linked from now on. Pure.

/** Longest id that a platform may use for its user, in code points. */
export const MAX_USER_ID_LENGTH = 128;
/**
 * The pattern of every id, including those linked before the stricter rule below: no control
 * characters and no single surrogates. For JSON Schema.
 */
export const USER_ID_TEXT = '^[^\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]*$';

const text = new RegExp(USER_ID_TEXT, 'u');
/**
 * A visible character: letter, digit, punctuation mark or symbol. The two that are excepted by
 * number look blank.
 */
const VISIBLE = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u{2800}\u{1D159}]]/v;
/** Invisible characters, except the joiners and variation selectors that scripts and emoji need. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}--[\u{200C}\u{200D}\p{Variation_Selector}]]/v;
const MAX_CHARACTERS_SHOWN = 40;

/** Reasons why an id may not be linked, as the end of a sentence, in order of precedence. */
const FAULTS: readonly (readonly [fault: string, has: (id: string) => boolean])[] = [
  ['is empty', (id) => id === ''],
  [`is longer than ${MAX_USER_ID_LENGTH} characters`, isTooLong],
  ['has control characters or half of a surrogate pair', (id) => /[\p{Cc}\p{Cs}]/u.test(id)],
  ['has characters that change the direction of text', (id) => /\p{Bidi_Control}/u.test(id)],
  ['has no visible character', (id) => !VISIBLE.test(id)],
  ['has invisible characters', (id) => UNSEEN.test(id)],
  [
    'has characters that are not text, such as U+FFFD',
    (id) => /[\p{Noncharacter_Code_Point}\u{FFFD}\p{Zl}\p{Zp}]/u.test(id),
  ],
  ['begins or ends with a space', (id) => /^\p{White_Space}|\p{White_Space}$/u.test(id)],
  ['cannot be part of a URL', (id) => id === '.' || id === '..'],
];

/**
 * True for text that can be the id of a linked user. It accepts ids that were linked before the
 * rule for new ones became stricter.
 */
export function isUserId(id: string): boolean {
  return id !== '' && !isTooLong(id) && text.test(id);
}

/** Why an id may not be linked, as the end of a sentence; undefined when it may. */
export function faultOfNewUserId(id: string): string | undefined {
  return FAULTS.find(([, has]) => has(id))?.[0];
}

/**
 * An id for use in a message: at most 40 characters, and nothing that could confuse a terminal or a
 * page.
 */
export function showUserId(id: string): string {
  const characters = [...id];
  const shown =
    characters.length > MAX_CHARACTERS_SHOWN
      ? `${characters.slice(0, MAX_CHARACTERS_SHOWN).join('')}…`
      : id;
  return JSON.stringify(
    shown.replaceAll(
      /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
      (character) =>
        `{U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`,
    ),
  );
}

/** Counts like JSON Schema and PostgreSQL: a character outside the basic plane is one. */
function isTooLong(id: string): boolean {
  return id.length > MAX_USER_ID_LENGTH && [...id].length > MAX_USER_ID_LENGTH;
}
