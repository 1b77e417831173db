// `pontis rates`: what the points of each platform are worth, and proposals to change that.

import { InvalidArgumentError, type Command } from 'commander';

import { divideRatio, formatRatio } from '../kernel/amount.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { accepted, jsonOfProposal, linesOf, parseReason, waitingLines } from './rules.ts';
import { tableLines } from './table.ts';

interface Flags {
  readonly data?: string;
  readonly json?: true;
}

interface SetFlags extends Flags, AsTokenOption {
  readonly reason: string;
}

const CODES = exitCodesHelp({ 65: 'refused; nothing has changed' });

export function registerRates<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const rates = program.command('rates').description('see and change what points are worth');
  const subcommand = (name: string, description: string): Command =>
    rates
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);
  const print = (flags: Flags, json: unknown, lines: readonly string[]): void => {
    if (flags.json) roots.print(JSON.stringify(json));
    else for (const line of lines) roots.print(line);
  };

  subcommand(
    'show',
    'print the value of a point of each platform, and the rate of each pair by the value model',
  ).action(async (flags: Flags) => {
    const { pointValue } = await import('../valuation/valuation.ts');
    const shown = await withContext(
      flags,
      roots,
      false,
      async ({ identity, ledger, valuation }) => {
        await identity.refresh();
        const { version, document } = valuation.rulebook();
        const platforms = identity.listPlatforms().map(({ platformId, state }) => ({
          platform_id: platformId,
          state,
          multiplier:
            (Object.hasOwn(document.platforms, platformId)
              ? document.platforms[platformId]?.multiplier
              : undefined) ?? '1',
          point_value: formatRatio(pointValue(document, platformId), 18),
        }));
        const pairs = platforms.flatMap(({ platform_id: from }) =>
          platforms
            .filter(({ platform_id: to }) => to !== from)
            .map(({ platform_id: to }) => ({
              from,
              to,
              rate: formatRatio(divideRatio(pointValue(document, from), pointValue(document, to))),
            })),
        );
        const ruled = Object.values(document.rules).filter(
          ({ kind }) => kind === 'rate' || kind === 'fee' || kind === 'bonus',
        ).length;
        return {
          version,
          currency: ledger.settlementAsset().code,
          base_value: document.values.base_value,
          platforms,
          rates: pairs,
          ruled,
        };
      },
    );
    const { ruled, ...json } = shown;
    print(flags, json, [
      `version ${shown.version}, base value ${shown.base_value} ${shown.currency}`,
      '',
      ...tableLines([
        ['platform_id', 'state', 'multiplier', `${shown.currency} a point`],
        ...shown.platforms.map((row) => [
          row.platform_id,
          row.state,
          row.multiplier,
          row.point_value,
        ]),
      ]),
      '',
      ...tableLines([
        ['from', 'to', 'rate'],
        ...shown.rates.map(({ from, to, rate }) => [from, to, rate]),
      ]),
      ...(ruled === 0
        ? []
        : [
            '',
            `Rules may change a rate, charge fees or add points: ${ruled} of them, see pontis ` +
              'rules show.',
          ]),
    ]);
  });

  subcommand('set', 'propose another multiplier of a platform, for another operator to approve')
    .argument('<platform_id>')
    .argument(
      '<multiplier>',
      'worth of its points relative to the base value, such as 1.2',
      parseMultiplier,
    )
    .option(...AS_TOKEN_OPTION)
    .requiredOption('--reason <text>', 'why; kept in the history', parseReason)
    .action(async (platformId: string, multiplier: string, flags: SetFlags) => {
      const made = await withContext(flags, roots, false, async (context) => {
        const {
          identity,
          valuation: { proposals },
        } = context;
        const { operatorId } = await actingOperator(flags, roots, context);
        await identity.refresh();
        if (identity.findPlatform(platformId) === undefined)
          throw new OperatorError(
            'badInput',
            `There is no platform ${platformId}. All of them are listed by: pontis platform list`,
          );
        const { platforms } = (await proposals.latest()).document;
        const terms = Object.hasOwn(platforms, platformId) ? platforms[platformId] : undefined;
        return accepted(
          await proposals.make({
            operatorId,
            reason: flags.reason,
            change: { patch: { platforms: { [platformId]: { ...terms, multiplier } } } },
          }),
        );
      });
      print(flags, await jsonOfProposal(made), [
        ...(await linesOf(made.changes)),
        ...waitingLines(made),
      ]);
    });
}

function parseMultiplier(text: string): string {
  if (!/^(?=.*[1-9])\d{1,12}(\.\d{1,9})?$/.test(text))
    throw new InvalidArgumentError('A positive decimal such as 1.2.');
  return text;
}
