// Shortens an answer for a document: the first item of each list, the first lines of a text.

const LINES = 3;
const CHARACTERS = 240;

export function shortened(value: unknown): unknown {
  if (typeof value === 'string' && value.length > CHARACTERS)
    return value.split('\n').slice(0, LINES).join('\n').slice(0, CHARACTERS);
  if (Array.isArray(value)) return value.slice(0, 1).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  if ('paths' in value && 'openapi' in value && 'info' in value)
    return { openapi: value.openapi, info: { title: 'Pontis' } };
  const fields = Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, shortened(field)]),
  );
  return fields;
}
