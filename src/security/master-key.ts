// The network's master key, read from the environment or from a file that only its owner can read.
// All other keys are derived from it.

import { hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../runtime/operator-error.ts';

/**
 * 32 random bytes. Never logged. A key from the environment is never stored beside the secrets that
 * it seals.
 */
export interface MasterKey {
  readonly bytes: Buffer;
}

const KEY_BYTES = 32;
const FILE = 'master.key';

/**
 * Reads PONTIS_MASTER_KEY (64 hex digits, or base64 of 32 bytes) if it is given, otherwise the file
 * `<data>/master.key`, which is created when missing. Throws `OperatorError` for a value that is
 * not a key, or for a file that other users can read.
 */
export function loadMasterKey(dataDir: string, fromEnvironment: string | undefined): MasterKey {
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return parseKey(fromEnvironment, 'PONTIS_MASTER_KEY');
  const file = join(dataDir, FILE);
  const text = readIfThere(file) ?? createKeyFile(dataDir, file);
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new OperatorError(
      'badConfiguration',
      `${file} can be read by other users. Run "chmod 600 ${file}" and start again.`,
    );
  }
  return parseKey(text, file);
}

/**
 * Derives a 32-byte key for one purpose (HKDF, RFC 5869). Knowing it reveals neither the master key
 * nor any other derived key.
 */
export function deriveKey(masterKey: MasterKey, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey.bytes, 'pontis', purpose, KEY_BYTES));
}

/**
 * Writes a draft and links it into place. So two processes that start at once both read the same
 * complete key.
 */
function createKeyFile(dataDir: string, file: string): string {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatorError(
      'noPermission',
      `${file} cannot be read. Check its owner, or set PONTIS_MASTER_KEY.`,
      { cause: error },
    );
  }
}

function parseKey(text: string, source: string): MasterKey {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, /^[0-9a-fA-F]{64}$/.test(trimmed) ? 'hex' : 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw new OperatorError(
      'badConfiguration',
      `${source} is not a key of ${KEY_BYTES} bytes. Give 64 hexadecimal digits, such as ` +
        '"openssl rand -hex 32" prints.',
    );
  }
  return { bytes };
}
