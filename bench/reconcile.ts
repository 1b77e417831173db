// Measures reconciliation: how fast a statement is read over HTTP and compared with the network's
// side, per CPU second of Node and PostgreSQL together, and how much memory it takes.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Figure } from './figures.ts';
import { median } from './load.ts';
import type { Network } from './network.ts';

const RUNS = 3;
/** The unit of CPU time in /proc. */
const TICKS_PER_SECOND = 100;
const PLATFORM = 'platform_c';
/**
 * V8's usual bound of the young generation, which takes most of the memory. The scripts of this
 * repository set a larger bound for the ledger.
 */
const YOUNG = '--max-semi-space-size=16';

/** The report of the process that reconciles. */
export interface ReconcileReport {
  readonly lines: number;
  readonly breaks: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Largest memory of the process since its start, in MB. */
  readonly peakMb: number;
}

/** The job of the process that reconciles. */
export interface ReconcileJob {
  readonly databaseUrl: string;
  readonly platformUrl: string;
  readonly mode: 'merge' | 'whole';
}

/**
 * Writes as many completed sagas as lines, then compares them with the statement of a platform that
 * applied them.
 */
export async function measureReconcile(
  { context }: Network,
  lines: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  const { pool, databaseUrl } = context;
  report(`writing ${lines} sagas ...`);
  const server =
    (await pool.query<{ pid: number }>(`select pg_backend_pid() as pid`)).rows[0]?.pid ?? 0;
  const postmaster = parentOf(server);
  for (let from = 0; from < lines; from += 50_000) {
    await pool.query(
      `insert into clearing.saga (bucket, saga_id, transaction_id, purpose, state, source_platform,
          target_platform, source_connected, target_connected, source_member, target_member,
         amount, credited, next_attempt_at, deadline_at, created_at, changed_at)
       select b, id, id, 'transfer', 'completed', case when i % 2 = 0 then $3 else 'platform_a' end,
         case when i % 2 = 0 then 'platform_a' else $3 end, i % 2 = 0, i % 2 = 1, id, id,
              100 + i % 1000, 100 + i % 1000, now(), now(), now(), now() - interval '1 hour'
         from (select i, i % 3 as b,
           (lpad(to_hex(i % 3), 4, '0') || substr(md5(i::text), 5))::uuid as id
           from generate_series($1::integer, $2::integer) i) s`,
      [from + 1, Math.min(from + 50_000, lines), PLATFORM],
    );
  }
  await pool.query('vacuum analyze clearing.saga');

  const platform = fork(join(import.meta.dirname, 'statement-server.ts'), [String(lines)], {
    stdio: 'inherit',
  });
  const [platformUrl] = (await once(platform, 'message')) as [string];
  try {
    const figures: Figure[] = [];
    for (const mode of ['whole', 'merge'] as const) {
      // Autovacuum does the same after a while.
      if (mode === 'merge') await pool.query('vacuum analyze clearing.statement_line');
      const [rates, perCore, memory]: [number[], number[], number[]] = [[], [], []];
      for (let run = 0; run < RUNS; run += 1) {
        const before = cpuOf(postmaster);
        const result = await reconcile({ databaseUrl, platformUrl, mode });
        const serverSeconds = cpuOf(postmaster) - before;
        if (result.breaks > 0 || result.lines !== lines)
          throw new Error(`${result.lines} lines compared, ${result.breaks} breaks`);
        report(
          `${mode}: ${lines} lines in ${result.seconds.toFixed(2)} s; CPU ` +
            `${result.cpuSeconds.toFixed(2)} s of Node, ${serverSeconds.toFixed(2)} s of ` +
            `PostgreSQL; ${result.peakMb.toFixed(0)} MB`,
        );
        rates.push(lines / result.seconds);
        perCore.push(lines / (result.cpuSeconds + serverSeconds));
        memory.push(result.peakMb);
      }
      const name =
        mode === 'merge'
          ? 'statement lines compared'
          : 'statement lines read over HTTP, kept and compared';
      figures.push(
        { name, value: median(rates), unit: '/s', runs: rates },
        {
          name: `${name}, for each core of Node and PostgreSQL`,
          value: median(perCore),
          unit: '/CPU s',
          ...(mode === 'merge' ? { target: '>= 100000' } : {}),
          runs: perCore,
        },
        {
          name: `${name}, most memory of Node`,
          value: median(memory),
          unit: 'MB',
          target: '< 200',
          runs: memory,
        },
      );
    }
    return figures;
  } finally {
    platform.kill();
  }
}

/** Runs one job in its own process, so that its memory can be measured. */
async function reconcile(job: ReconcileJob): Promise<ReconcileReport> {
  const child: ChildProcess = fork(
    join(import.meta.dirname, 'reconcile-process.ts'),
    [JSON.stringify(job)],
    { stdio: 'inherit', execArgv: [YOUNG] },
  );
  const [result] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('the process that reconciles has ended');
    }),
  ])) as [ReconcileReport];
  return result;
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

/** Fields of /proc/PID/stat after the program's name: state, parent, … */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** CPU of a server and all its children, including those that have ended, in seconds. */
function cpuOf(postmaster: number): number {
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = statOf(Number(entry));
      const own = Number(stat[11]) + Number(stat[12]);
      if (Number(entry) === postmaster) ticks += own + Number(stat[13]) + Number(stat[14]);
      else if (Number(stat[1]) === postmaster) ticks += own;
    } catch {
      // It has ended in the meantime, and counts among the ended children of the server.
    }
  }
  return ticks / TICKS_PER_SECOND;
}
