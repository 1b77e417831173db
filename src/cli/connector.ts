// `pontis connector`: tests whether a platform's connector does what the network relies on.

import { InvalidArgumentError, type Command } from 'commander';

import { testConnector, type CheckResult, type ConformanceReport } from '../clearing/clearing.ts';
import { isPlatformId } from '../kernel/ids.ts';
import { createEgress, EVERY_RANGE } from '../runtime/egress.ts';
import { exitCode, OperatorError } from '../runtime/operator-error.ts';
import { JSON_OPTION, type CommandRoots } from './command-roots.ts';
import { printable } from './table.ts';

interface Flags {
  readonly token?: string;
  readonly secret?: string;
  readonly platform: string;
  readonly user?: string;
  readonly timeout: number;
  readonly json?: true;
}

const HELP = `
Moves points of the test user and moves them back. Without --user only what moves nothing is tested.
The platform may be in use; docs/api.md says what its connector must do.

Exit codes:
   0  every check that was made passes
   1  a check fails
  64  wrong arguments`;

export function registerConnector(program: Command, roots: Pick<CommandRoots, 'environment' | 'print'>): void {
  program
    .command('connector')
    .description('try the connectors of platforms that keep their own points')
    .command('test')
    .description('run the conformance suite against a platform and say what fails and why')
    .argument('<url>', 'where the platform answers, without /api/internal', parseUrl)
    .requiredOption('--platform <platform_id>', 'id of the platform, sent as X-Platform-ID', parsePlatform)
    .option('--token <token>', 'bearer token for the platform (or PONTIS_CONNECTOR_TOKEN, which other users of this machine cannot see)')
    .option('--secret <secret>', 'secret that calls are signed with (or PONTIS_CONNECTOR_SECRET)')
    .option('--user <user_id>', 'a user of the platform to test with')
    .option('--timeout <ms>', 'how long an answer may take', parseTimeout, 10_000)
    .option(...JSON_OPTION)
    .addHelpText('after', HELP)
    .action(async (url: string, flags: Flags) => {
      const target = { url, platformId: flags.platform, token: given(flags.token, 'TOKEN', roots), secret: given(flags.secret, 'SECRET', roots) };
      const onCheck = flags.json ? undefined : (result: CheckResult) => linesOf(result).forEach(roots.print);
      // Who types an address may call it: a platform is tried on one's own machine and network before it is public.
      const egress = createEgress({ allowedRanges: EVERY_RANGE });
      const report = await testConnector(target, { userId: flags.user, timeoutMs: flags.timeout, onCheck, egress });
      egress.close();
      roots.print(flags.json ? JSON.stringify({ ok: report.ok, checks: report.checks }) : summaryOf(report));
      if (!report.ok) process.exitCode = exitCode.finding;
    });
}

function given(flag: string | undefined, name: 'TOKEN' | 'SECRET', { environment }: Pick<CommandRoots, 'environment'>): string {
  const value = flag ?? environment[`PONTIS_CONNECTOR_${name}`] ?? '';
  if (value === '') throw new OperatorError('usage', `Give --${name.toLowerCase()} or PONTIS_CONNECTOR_${name}.`);
  return value;
}

function linesOf({ name, meaning, state, complaints }: CheckResult): string[] {
  const head = `${{ passed: 'ok     ', failed: 'FAILS  ', skipped: 'skipped' }[state]}  ${name}`;
  if (state === 'passed') return [head];
  if (state === 'skipped') return [`${head}: ${complaints.map(printable).join(' ')}`];
  // What a platform answers is another's text.
  return [head, `  It should be so: ${meaning}`, ...complaints.map((sentence) => `    ${printable(sentence)}`)];
}

function summaryOf({ checks }: ConformanceReport): string {
  const named = (state: CheckResult['state']): string[] => checks.filter((check) => check.state === state).map(({ name }) => name);
  const [passed, failed, skipped] = [named('passed'), named('failed'), named('skipped')];
  const made = passed.length + failed.length;
  const rest = skipped.length === 0 ? '' : ` ${skipped.length} were skipped.`;
  return failed.length === 0 ? `All ${made} checks pass.${rest}` : `${failed.length} of ${made} checks FAIL: ${failed.join(', ')}.${rest}`;
}

function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new InvalidArgumentError('A URL such as https://points.example.com.');
  return text;
}

function parsePlatform(text: string): string {
  if (!isPlatformId(text)) throw new InvalidArgumentError('3 to 40 of a-z, 0-9 and _, beginning with a letter.');
  return text;
}

function parseTimeout(text: string): number {
  const timeoutMs = Number(text);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) throw new InvalidArgumentError('A whole number of milliseconds from 1 to 600000.');
  return timeoutMs;
}
