// Replaces whatever differs from run to run by values that stay: ids by their order, times by their
// distance from the start in days.

const STARTED = Date.UTC(2026, 0, 5, 9);
const DAY_MS = 86_400_000;

const ID =
  /\b(?:([a-z]+)_[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\b/g;
const CODE = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
/** Secrets and signed quotes. */
const SECRET = /\b(whsec|quote)_[\w+/=-]+/g;
const ADDRESS = /http:\/\/127\.0\.0\.1:(?!8090\b)\d+/g;

/** Returns a function for all values of one run. */
export function createStabilizer(startedAt: number): (value: unknown) => unknown {
  const known = new Map<string, string>();

  function numbered(id: string, form: (number: string) => string): string {
    const found = known.get(id) ?? form(String(known.size + 1));
    known.set(id, found);
    return found;
  }

  function stableText(text: string): string {
    return text
      .replaceAll(ID, (id: string, prefix?: string) =>
        numbered(id, (number) =>
          prefix !== undefined
            ? `${prefix}_0001${number.padStart(28, '0')}`
            : id.includes('-')
              ? `00000000-0000-4000-8000-${number.padStart(12, '0')}`
              : number.padStart(32, '0'),
        ),
      )
      .replaceAll(CODE, (code) =>
        numbered(code, (number) => `ABCD-EFGH-JKMN-${number.padStart(4, '2')}`),
      )
      .replaceAll(TIME, (time) => {
        const days = Math.round((Date.parse(time) - startedAt) / DAY_MS);
        return new Date(STARTED + days * DAY_MS).toISOString();
      })
      .replaceAll(SECRET, '$1_EXAMPLE')
      .replaceAll(ADDRESS, 'http://127.0.0.1:8091');
  }

  return function stable(value: unknown): unknown {
    if (typeof value === 'string') return stableText(value);
    if (Array.isArray(value)) return value.map(stable);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [stableText(key), stable(field)]),
    );
  };
}
