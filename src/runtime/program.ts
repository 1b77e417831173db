// Version and description of this program, from package.json, the only place that states them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version and description of the program. */
export const PROGRAM = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
) as { readonly version: string; readonly description: string };
