// The yardsticks of the figures, on the same server in the same run: pgbench's TPC-B, a plain bulk
// insert, and a single-row commit.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Pool } from '../src/runtime/database.ts';
import { runLoad, type Load } from './load.ts';

const run = promisify(execFile);
const PGBENCH_SCALE = 50;
const PGBENCH_CLIENTS = 8;

/** TPC-B in its own database on the measured server. */
export interface PgBench {
  tps(seconds: number): Promise<number>;
}

/** Creates and fills the database. */
export async function createPgBench(pool: Pool, url: string): Promise<PgBench> {
  const target = new URL(url);
  await pool.query('create database tpcb');
  const options = [
    '-h',
    target.hostname,
    '-p',
    target.port,
    '-U',
    decodeURIComponent(target.username),
    'tpcb',
  ];
  const environment = {
    env: { ...process.env, PGPASSWORD: decodeURIComponent(target.password) },
    maxBuffer: 2 ** 26,
  };
  await run('pgbench', ['-i', '-q', '-s', String(PGBENCH_SCALE), ...options], environment);
  return {
    tps: async (seconds) => {
      const { stdout } = await run(
        'pgbench',
        ['-c', String(PGBENCH_CLIENTS), '-j', '2', '-T', String(seconds), ...options],
        environment,
      );
      const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
      if (!Number.isFinite(tps)) throw new Error(`pgbench printed no tps: ${stdout}`);
      return tps;
    },
  };
}

/**
 * Rows per second of INSERT … SELECT of our own conversion rows into an empty table with the same
 * indexes: without decisions, accounts or network.
 */
export async function measureFloor(pool: Pool, seconds: number): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query(
      `create temporary table sample as select * from ledger.transaction where kind = 'conversion'
          limit 200000`,
    );
    let rows = 0;
    let elapsedMs = 0;
    while (elapsedMs < seconds * 1000) {
      await client.query('create table public.floor (like ledger.transaction including all)');
      const from = performance.now();
      const { rowCount } = await client.query('insert into public.floor select * from sample');
      elapsedMs += performance.now() - from;
      rows += rowCount ?? 0;
      await client.query('drop table public.floor');
    }
    await client.query('drop table sample');
    return rows / (elapsedMs / 1000);
  } finally {
    client.release();
  }
}

/** One connection that inserts one row and commits, again and again. */
export async function measureSingleCommit(pool: Pool, seconds: number): Promise<Load> {
  const client = await pool.connect();
  try {
    await client.query(
      'create table if not exists public.single (id bigint primary key, value bigint not null)',
    );
    let id = BigInt(Date.now()) * 1_000_000n;
    return await runLoad(1, seconds, async () => {
      id += 1n;
      await client.query({
        name: 'bench-single',
        text: 'insert into public.single values ($1, $2)',
        values: [id, 1n],
      });
      return true;
    });
  } finally {
    client.release();
  }
}
