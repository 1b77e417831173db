// `pontis connector test`: tests whether a platform's connector behaves as the network needs it.

import { InvalidArgumentError, type Command } from 'commander';

import type {
  CheckResult,
  ConformanceReport,
  ConnectorTarget,
} from '../connections/connections.ts';
import { isPlatformId, type PlatformId } from '../kernel/ids.ts';
import { refuse } from '../kernel/problem.ts';
import { exitCode, OperatorError } from '../runtime/operator-error.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  withContext,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { printable } from './table.ts';

interface Flags {
  readonly token?: string;
  readonly secret?: string;
  readonly data?: string;
  readonly platform?: string;
  readonly user?: string;
  readonly timeout: number;
  readonly json?: true;
}

const HELP = `
Moves points of the test user and moves them back. Without --user only the checks run that move no
points. The platform may be in use; docs/connect.md explains each failure.
${exitCodesHelp({
  0: 'every check that was made passes',
  1: 'a check fails',
  65: 'the platform has no connection',
})}`;

export function registerConnectorTest<Context extends CommandContext>(
  connector: Command,
  roots: CommandRoots<Context>,
): void {
  connector
    .command('test')
    .description('run the conformance suite against a platform and say what fails and why')
    .argument(
      '<url_or_platform_id>',
      'where the platform answers, without /api/internal; or a connected platform of this network',
      parseWhom,
    )
    .option(
      '--platform <platform_id>',
      'with a URL: id of the platform, sent as X-Platform-ID',
      parsePlatform,
    )
    .option(
      '--token <token>',
      `with a URL: bearer token for the platform (or PONTIS_CONNECTOR_TOKEN,
          which other users of this machine cannot see)`,
    )
    .option(
      '--secret <secret>',
      'with a URL: secret that calls are signed with (or PONTIS_CONNECTOR_SECRET)',
    )
    .option('--user <user_id>', 'a user of the platform to test with')
    .option('--timeout <ms>', 'how long an answer may take', parseTimeout, 10_000)
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', HELP)
    .action(async (whom: string, flags: Flags) => {
      const [{ testConnector }, { createEgress, EVERY_RANGE }] = await Promise.all([
        import('../connections/connections.ts'),
        import('../runtime/egress.ts'),
      ]);
      const target = isPlatformId(whom)
        ? await registeredTarget(whom, flags, roots)
        : givenTarget(whom, flags, roots);
      const onCheck = flags.json
        ? undefined
        : (result: CheckResult) => linesOf(result).forEach(roots.print);
      // An address on the command line may be private: a platform is tested on one's own machine
      // and network before it is public.
      const egress = createEgress({ allowedRanges: EVERY_RANGE });
      const report = await testConnector(target, {
        userId: flags.user,
        timeoutMs: flags.timeout,
        onCheck,
        egress,
      });
      egress.close();
      roots.print(
        flags.json ? JSON.stringify({ ok: report.ok, checks: report.checks }) : summaryOf(report),
      );
      if (!report.ok) roots.terminal.exitCode = exitCode.finding;
    });
}

/** The platform with the address, token and secret that the network uses. */
async function registeredTarget<Context extends CommandContext>(
  platformId: PlatformId,
  flags: Flags,
  roots: CommandRoots<Context>,
): Promise<ConnectorTarget> {
  const { connectionProblems, requireConnected } = await import('../connections/connections.ts');
  return withContext(flags, roots, false, async ({ connections, identity }) => {
    valueOf(await requireConnected(identity, platformId));
    return (
      connections.targetOf(platformId) ?? valueOf(refuse(connectionProblems.connection_not_found()))
    );
  });
}

function givenTarget(
  url: string,
  { platform, token, secret }: Flags,
  roots: Pick<CommandRoots, 'environment'>,
): ConnectorTarget {
  if (platform === undefined)
    throw new OperatorError('usage', 'With a URL give --platform as well.');
  return {
    url,
    platformId: platform,
    token: given(token, 'TOKEN', roots),
    secret: given(secret, 'SECRET', roots),
  };
}

function given(
  flag: string | undefined,
  name: 'TOKEN' | 'SECRET',
  { environment }: Pick<CommandRoots, 'environment'>,
): string {
  const value = flag ?? environment[`PONTIS_CONNECTOR_${name}`] ?? '';
  if (value === '')
    throw new OperatorError('usage', `Give --${name.toLowerCase()} or PONTIS_CONNECTOR_${name}.`);
  return value;
}

function linesOf({ name, meaning, state, complaints }: CheckResult): string[] {
  const head = `${{ passed: 'ok     ', failed: 'FAILS  ', skipped: 'skipped' }[state]}  ${name}`;
  if (state === 'passed') return [head];
  if (state === 'skipped') return [`${head}: ${complaints.map(printable).join(' ')}`];
  // Complaints contain text from the platform's answers, which may hold control characters.
  return [
    head,
    `  Expected: ${meaning}`,
    ...complaints.map((sentence) => `    ${printable(sentence)}`),
  ];
}

function summaryOf({ checks }: ConformanceReport): string {
  const named = (state: CheckResult['state']): string[] =>
    checks.filter((check) => check.state === state).map(({ name }) => name);
  const [passed, failed, skipped] = [named('passed'), named('failed'), named('skipped')];
  const made = passed.length + failed.length;
  const rest = skipped.length === 0 ? '' : ` ${skipped.length} were skipped.`;
  return failed.length === 0
    ? `All ${made} checks pass.${rest}`
    : `${failed.length} of ${made} checks FAIL: ${failed.join(', ')}.${rest}`;
}

function parseWhom(text: string): string {
  if (isPlatformId(text)) return text;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('A URL such as https://points.example.com, or a platform_id.');
  return text;
}

function parsePlatform(text: string): string {
  if (!isPlatformId(text))
    throw new InvalidArgumentError('3 to 40 of a-z, 0-9 and _, beginning with a letter.');
  return text;
}

function parseTimeout(text: string): number {
  const timeoutMs = Number(text);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000)
    throw new InvalidArgumentError('A whole number of milliseconds from 1 to 600000.');
  return timeoutMs;
}
