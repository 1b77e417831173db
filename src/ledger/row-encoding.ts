// Rows as arrays of composite values in PostgreSQL's binary format (array_recv, record_recv): the
// cheapest way to hand a whole batch to one function call. Columns are listed in the order of the
// table; `checkColumns` compares them at start. Before this: `rows.ts`. Next: `store.ts` sends the
// bytes.

import { assert } from '../kernel/assert.ts';
import { hexValue } from '../kernel/ids.ts';
import { DAY_MS } from '../kernel/time.ts';

/** Type → OID of pg_type, fixed for built-in types. */
const OID = {
  int2: 21,
  int4: 23,
  int8: 20,
  text: 25,
  uuid: 2950,
  date: 1082,
  timestamptz: 1184,
  jsonb: 3802,
  'int8[]': 1016,
} as const;
type ColumnType = keyof typeof OID;

/** Reads one column of a row; undefined and null both become SQL null. */
interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly value: (row: Row) => Cell;
}

type Cell = bigint | number | string | readonly bigint[] | null | undefined;

export interface RowEncoding<Row> {
  /** Qualified table name, whose row type the array has. */
  readonly table: string;
  readonly columns: readonly Column<Row>[];
}

/** 2000-01-01, PostgreSQL's epoch. */
const EPOCH_MS = 946_684_800_000;
const DATE_INFINITY = 0x7fffffff;

/** Encodes rows as a binary array of the table's row type, whose OID is `typeOid`. */
export function encodeRows<Row>(
  { columns }: RowEncoding<Row>,
  typeOid: number,
  rows: readonly Row[],
): Buffer {
  const writer = new Writer(
    HEADER + (rows.length + 1) * columns.length * CELL,
    columns.length * CELL,
  );
  writer.int32(1);
  writer.int32(0);
  writer.int32(typeOid);
  writer.int32(rows.length);
  writer.int32(1);
  for (const row of rows) {
    writer.room(0);
    const start = writer.reserveLength();
    writer.int32(columns.length);
    for (const column of columns) {
      writer.int32(OID[column.type]);
      writeCell(writer, column.type, column.value(row));
    }
    writer.fillLength(start);
  }
  return writer.bytes();
}

/** Bytes before the first row. */
const HEADER = 64;
/**
 * Most bytes of a cell of fixed size, its type and length included; a fair guess for the others.
 */
const CELL = 28;

function writeCell(writer: Writer, type: ColumnType, value: Cell): void {
  if (value === null || value === undefined) return writer.int32(-1);
  switch (type) {
    case 'int2':
      writer.int32(2);
      return writer.int16(value as number);
    case 'int4':
      writer.int32(4);
      return writer.int32(value as number);
    case 'int8':
      writer.int32(8);
      return writer.int64(value as bigint);
    case 'uuid':
      writer.int32(16);
      return writer.uuid(value as string);
    case 'date':
      writer.int32(4);
      return writer.int32(
        value === 'infinity' ? DATE_INFINITY : (Date.parse(value as string) - EPOCH_MS) / DAY_MS,
      );
    case 'timestamptz':
      writer.int32(8);
      return writer.int64(BigInt((value as number) - EPOCH_MS) * 1000n);
    case 'text':
      return writer.text(value as string);
    case 'jsonb':
      return writer.text(value as string, 1);
    case 'int8[]':
      return writer.int64Array(value as readonly bigint[]);
  }
}

/**
 * A growing buffer of big-endian values. Between two calls of `room` there is space for `margin`
 * bytes.
 */
class Writer {
  private buffer: Buffer;
  private view: DataView;
  private at = 0;
  private readonly margin: number;

  constructor(size: number, margin: number) {
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.buffer.buffer);
    this.margin = margin;
  }

  /** Makes room for that many bytes and the margin after them. */
  room(bytes: number): void {
    const need = this.at + bytes + this.margin;
    if (need <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, need));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
    this.view = new DataView(larger.buffer);
  }

  int16(value: number): void {
    this.view.setInt16(this.at, value);
    this.at += 2;
  }

  int32(value: number): void {
    this.view.setInt32(this.at, value);
    this.at += 4;
  }

  int64(value: bigint): void {
    this.view.setBigInt64(this.at, value);
    this.at += 8;
  }

  /** 36 characters of lower-case hexadecimal digits and hyphens → 16 bytes. */
  uuid(text: string): void {
    let from = 0;
    for (let byte = 0; byte < 16; byte += 1) {
      this.buffer[this.at + byte] =
        hexValue(text.charCodeAt(from)) * 16 + hexValue(text.charCodeAt(from + 1));
      from += byte === 3 || byte === 5 || byte === 7 || byte === 9 ? 3 : 2;
    }
    this.at += 16;
  }

  /** UTF-8 text with its length before it; jsonb carries a version byte in front. */
  text(value: string, version?: number): void {
    this.room(value.length * 3 + 5);
    const start = this.reserveLength();
    if (version !== undefined) this.buffer[this.at++] = version;
    this.at += this.buffer.write(value, this.at, 'utf8');
    this.fillLength(start);
  }

  int64Array(values: readonly bigint[]): void {
    this.room(24 + values.length * 12);
    if (values.length === 0) {
      this.int32(12);
      this.int32(0);
      this.int32(0);
      return this.int32(OID.int8);
    }
    this.int32(20 + values.length * 12);
    this.int32(1);
    this.int32(0);
    this.int32(OID.int8);
    this.int32(values.length);
    this.int32(1);
    for (const value of values) {
      this.int32(8);
      this.int64(value);
    }
  }

  /** Leaves room for a length; `fillLength` puts in how many bytes came after it. */
  reserveLength(): number {
    this.at += 4;
    return this.at;
  }

  fillLength(start: number): void {
    this.view.setInt32(start - 4, this.at - start);
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.at);
  }
}

/** The columns of a table as the catalogue has them, in order. */
export interface CatalogueColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * Stops the program when table and encoding differ: a row written in the wrong order would be
 * worse.
 */
export function checkColumns<Row>(
  encoding: RowEncoding<Row>,
  catalogue: readonly CatalogueColumn[],
): void {
  const describe = (columns: readonly CatalogueColumn[]): string =>
    columns.map((column) => `${column.name} ${column.type}`).join(', ');
  const [ours, theirs] = [describe(encoding.columns), describe(catalogue)];
  assert(
    ours === theirs,
    `${encoding.table} has the columns (${theirs}), the program writes (${ours})`,
  );
}
