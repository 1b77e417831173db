// `pontis rates`: shows the value of each platform's points, and proposes changes of it.

import { InvalidArgumentError, type Command } from 'commander';

import { divideRatio, formatRatio } from '../kernel/amount.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { accepted, parseReason, proposedOf } from './rules.ts';
import { rowLines, tableLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface SetFlags extends TellFlags {
  readonly reason: string;
}

const CODES = exitCodesHelp({ 65: 'refused; nothing has changed' });

export function registerRates<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const rates = program.command('rates').description('see and change the value of points');
  const subcommand = (name: string, description: string): Command =>
    rates
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);

  subcommand(
    'show',
    'print the value of a point of each platform, and the rate of each pair by the value model',
  ).action((flags: TellFlags) => tell(flags, roots, showRates));

  subcommand('set', 'propose another multiplier of a platform, for another operator to approve')
    .argument('<platform_id>')
    .argument(
      '<multiplier>',
      'value of its points relative to the base value, such as 1.2',
      parseMultiplier,
    )
    .option(...AS_TOKEN_OPTION)
    .requiredOption('--reason <text>', 'why; kept in the history', parseReason)
    .action((platformId: string, multiplier: string, { reason, ...flags }: SetFlags) =>
      tellAs(flags, roots, async ({ identity, valuation: { proposals } }, operatorId) => {
        await identity.refresh();
        if (identity.findPlatform(platformId) === undefined)
          throw new OperatorError(
            'badInput',
            `There is no platform ${platformId}. To list them all: pontis platform list`,
          );
        const { platforms } = (await proposals.latest()).document;
        const terms = Object.hasOwn(platforms, platformId) ? platforms[platformId] : undefined;
        const patch = { platforms: { [platformId]: { ...terms, multiplier } } };
        return proposedOf(
          accepted(await proposals.make({ operatorId, reason, change: { patch } })),
        );
      }),
    );
}

async function showRates({ identity, ledger, valuation }: CommandContext): Promise<Told> {
  const { pointValue } = await import('../valuation/valuation.ts');
  await identity.refresh();
  const { version, document } = valuation.rulebook();
  const currency = ledger.settlementAsset().code;
  const platforms = identity.listPlatforms().map(({ platformId, state }) => ({
    platform_id: platformId,
    state,
    multiplier:
      (Object.hasOwn(document.platforms, platformId)
        ? document.platforms[platformId]?.multiplier
        : undefined) ?? '1',
    point_value: formatRatio(pointValue(document, platformId), 18),
  }));
  const rates = platforms.flatMap(({ platform_id: from }) =>
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
  const { base_value: baseValue } = document.values;
  return {
    json: { version, currency, base_value: baseValue, platforms, rates },
    lines: [
      `version ${version}, base value ${baseValue} ${currency}`,
      '',
      ...tableLines([
        ['platform_id', 'state', 'multiplier', `${currency} a point`],
        ...platforms.map((row) => [row.platform_id, row.state, row.multiplier, row.point_value]),
      ]),
      '',
      ...rowLines(['from', 'to', 'rate'], rates),
      ...(ruled === 0
        ? []
        : [
            '',
            `${ruled} rules may change a rate, charge fees or add points. To see them: ` +
              'pontis rules show',
          ]),
    ],
  };
}

function parseMultiplier(text: string): string {
  if (!/^(?=.*[1-9])\d{1,12}(\.\d{1,9})?$/.test(text))
    throw new InvalidArgumentError('A positive decimal such as 1.2.');
  return text;
}
