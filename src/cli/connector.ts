// `pontis connector`: shows and changes the addresses of connected platforms, and tests their
// connectors.

import type { Command } from 'commander';

import { OperatorError } from '../runtime/operator-error.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { askFor } from './asked.ts';
import { registerConnectorTest } from './connector-test.ts';
import { rowLines } from './table.ts';
import { tell, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
  readonly url?: string;
  readonly token?: string;
  readonly reason?: string;
}

const CODES = exitCodesHelp({ 65: 'refused, e.g. no such platform, or one that is hosted' });
const COLUMNS = ['platform_id', 'url', 'changed_by', 'changed_at'] as const;

export function registerConnector<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const connector = program
    .command('connector')
    .description('connect platforms that keep their own points, and test their connectors');
  const subcommand = (name: string, description: string): Command =>
    connector
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running; it notices within about a second.${CODES}`);

  subcommand('set', 'request a new address and token for a connected platform')
    .argument('<platform_id>')
    .requiredOption('--url <url>', 'base URL of the platform, without /api/internal')
    .option(
      '--token <token>',
      'bearer token that the platform issued to the network (or PONTIS_CONNECTOR_TOKEN, which ' +
        'other users of this machine cannot see)',
    )
    .option('--reason <text>', 'why; kept with the request')
    .option(...AS_TOKEN_OPTION)
    .action(async (platformId: string, flags: Flags) => {
      const token = flags.token ?? roots.environment['PONTIS_CONNECTOR_TOKEN'] ?? '';
      if (token === '') throw new OperatorError('usage', 'Give --token or PONTIS_CONNECTOR_TOKEN.');
      await askFor(
        {
          act: 'connection_set',
          arguments: { platform_id: platformId, url: flags.url ?? '', token },
          reason: flags.reason ?? '',
        },
        flags,
        roots,
      );
    });

  subcommand('show', 'show the addresses of connected platforms, without their tokens')
    .argument('[platform_id]', 'default: all')
    .action((platformId: string | undefined, flags: Flags) =>
      tell(flags, roots, (context) => showConnections(platformId, context)),
    );

  subcommand('remove', 'request that the address of a platform is removed; it is then not called')
    .argument('<platform_id>')
    .option('--reason <text>', 'why; kept with the request')
    .option(...AS_TOKEN_OPTION)
    .action((platformId: string, flags: Flags) => {
      return askFor(
        {
          act: 'connection_remove',
          arguments: { platform_id: platformId },
          reason: flags.reason ?? '',
        },
        flags,
        roots,
      );
    });

  registerConnectorTest(connector, roots);
}

async function showConnections(
  platformId: string | undefined,
  { connections: registry, identity }: CommandContext,
): Promise<Told> {
  const [{ requireConnected }, { describeConnection }] = await Promise.all([
    import('../connections/connections.ts'),
    import('../views/connection.ts'),
  ]);
  const platforms =
    platformId === undefined
      ? identity.listPlatforms().filter(({ custody }) => custody === 'connected')
      : [valueOf(await requireConnected(identity, platformId))];
  const connections = platforms.map((platform) =>
    describeConnection(platform, registry.find(platform.platformId)),
  );
  return {
    json: { connections },
    lines: rowLines(
      COLUMNS,
      connections.map((view) => ({ changed_by: null, changed_at: null, ...view })),
    ),
  };
}
