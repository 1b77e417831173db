// Writes rows as CSV by RFC 4180: fields are quoted where needed, and lines end with CR LF.

/** A value that a CSV field can hold; null is an empty field. */
export type CsvField = string | number | bigint | null;

/** Writes one row, with its line end. */
export function csvLine(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: CsvField): string {
  const text = field === null ? '' : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Marks text by a person as text if a spreadsheet would read it as a formula. */
export function csvText(text: string | null): string {
  return text !== null && /^[=+\-@\t]/.test(text) ? `'${text}` : (text ?? '');
}
