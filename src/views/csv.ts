// Rows as CSV by RFC 4180: fields in quotes where they need them, lines ended by CR LF.

export type CsvField = string | number | bigint | null;

export function csvLine(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: CsvField): string {
  const text = field === null ? '' : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Text that a person wrote: what a spreadsheet would take for a formula is marked as text. */
export function csvText(text: string | null): string {
  return text !== null && /^[=+\-@\t]/.test(text) ? `'${text}` : (text ?? '');
}
