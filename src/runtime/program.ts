// The name under which this program is known: version and description of package.json, which are
// stated nowhere else.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROGRAM = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
) as { readonly version: string; readonly description: string };
