// All SQL on connections of connected platforms.

import type { PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';

export interface ConnectionRow {
  readonly platform_id: PlatformId;
  readonly url: string;
  readonly sealed_token: Buffer;
  readonly changed_by: string;
  readonly changed_at: Date;
  readonly revision: bigint;
}

/** Changes whenever any row does: rows are only added, and each change adds one to a revision. */
export async function readConnectionsVersion(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ version: string }>(
    `select count(*) || '/' || coalesce(sum(revision), 0) as version from clearing.connection`,
  );
  return rows[0]?.version ?? '';
}

/** Those that are not removed. */
export async function selectConnections(pool: Pool): Promise<ConnectionRow[]> {
  const { rows } = await pool.query<ConnectionRow>(
    `select platform_id, url, sealed_token, changed_by, changed_at, revision
        from clearing.connection where url is not null order by platform_id`,
  );
  return rows;
}

export async function writeConnection(
  pool: Pool,
  row: Omit<ConnectionRow, 'revision'>,
): Promise<void> {
  await pool.query(
    `insert into clearing.connection (platform_id, url, sealed_token, changed_by, changed_at)
        values ($1, $2, $3, $4, $5)
     on conflict (platform_id) do update
       set url = excluded.url, sealed_token = excluded.sealed_token,
         changed_by = excluded.changed_by, changed_at = excluded.changed_at,
           revision = connection.revision + 1`,
    [row.platform_id, row.url, row.sealed_token, row.changed_by, row.changed_at],
  );
}

/** False when there is none. */
export async function removeConnection(
  pool: Pool,
  platformId: string,
  changedBy: string,
  changedAt: Date,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update clearing.connection set url = null, sealed_token = null, changed_by = $2,
        changed_at = $3, revision = revision + 1
      where platform_id = $1 and url is not null`,
    [platformId, changedBy, changedAt],
  );
  return rowCount === 1;
}
