// Lists the operators of a network and who gave them their power, from raw rows.

import { formatMoment } from '../kernel/time.ts';
import type { DbClient } from '../runtime/database.ts';

/** An operator, and who made or changed it. */
export interface OperatorMade {
  readonly operatorId: string;
  readonly state: string;
  /**
   * In order of time: `added`, `token`, `resumed` or `recovered`. Empty for an operator from before
   * this was recorded.
   */
  readonly changes: readonly {
    readonly change: string;
    readonly changedAt: string;
    readonly makers: string;
    readonly reason: string;
  }[];
}

interface Row {
  readonly operator_id: string;
  readonly state: string;
  readonly change: string | null;
  readonly changed_at: Date | null;
  readonly made_by: string | null;
  readonly approved_by: string | null;
  readonly reason: string | null;
}

/** All operators by id, with the changes that gave them power. */
export async function listOperatorsMade(client: DbClient): Promise<readonly OperatorMade[]> {
  // A database from an older version has no such table.
  const {
    rows: [known],
  } = await client.query<{ there: boolean }>(
    `select to_regclass('identity.operator_change') is not null as there`,
  );
  if (known?.there !== true) return [];
  const { rows } = await client.query<Row>(
    `select o.operator_id, o.state, c.change, c.changed_at, c.made_by, c.approved_by, c.reason
       from identity.operator o left
         join identity.operator_change c on c.operator_id = o.operator_id
         and c.change <> 'suspended'
      order by o.operator_id, c.changed_at`,
  );
  return [...Map.groupBy(rows, (row) => row.operator_id)].map(([operatorId, own]) => ({
    operatorId,
    state: own[0]?.state ?? '',
    changes: own.flatMap((row) =>
      row.change === null || row.changed_at === null
        ? []
        : [
            {
              change: row.change,
              changedAt: formatMoment(row.changed_at),
              makers: makersOf(row),
              reason: row.reason ?? '',
            },
          ],
    ),
  }));
}

function makersOf({ change, made_by: asker, approved_by: approver }: Row): string {
  if (change === 'recovered') return 'the owner of the machine';
  const makers = [asker, approver].filter((name) => name !== null);
  return makers.length === 0 ? 'nobody, as one of the first' : makers.join(' and ');
}
