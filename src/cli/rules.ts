// `pontis rules`: the rulebook, its versions, and changes of it: one operator proposes, another one
// decides.

import { InvalidArgumentError, Option, type Command } from 'commander';

import type { Result } from '../kernel/problem.ts';
import { parseMoment } from '../kernel/time.ts';
import type {
  Change,
  Decision,
  Proposal,
  ProposalState,
  VersionRow,
} from '../valuation/valuation.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import type { ActivationParts } from '../network/network.ts';
import { readChange, refusalOf } from './rulebook-file.ts';
import { printable, tableLines } from './table.ts';

interface Flags {
  readonly data?: string;
  readonly json?: true;
}

interface FileFlags extends Flags {
  readonly whole?: true;
  readonly patch?: true;
}

interface ProposeFlags extends FileFlags, AsTokenOption {
  readonly reason: string;
  readonly effective?: number;
  readonly urgent?: true;
}

interface DecideFlags extends Flags, AsTokenOption {
  readonly reason?: string;
}

const CODES = exitCodesHelp({ 65: 'refused; nothing has changed', 66: 'the file cannot be read' });
const REASON_OPTION = ['--reason <text>', 'why; kept in the history', parseReason] as const;
const FILE_HELP =
  '\nFILE is YAML or JSON: with all sections it is a whole rulebook, else a patch with only ' +
  'the items that change, each whole; null takes one out.';

export function registerRules<Context extends CommandContext & ActivationParts>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const rules = program
    .command('rules')
    .description('see and change the rulebook: rates, fees, limits, earning, rewards');
  const subcommand = (name: string, description: string, help = ''): Command =>
    rules
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `${help}\nPontis may be running; it notices within about a second.${CODES}`,
      );
  const withFile = (name: string, description: string): Command =>
    subcommand(name, description, FILE_HELP)
      .argument('<file>', 'YAML or JSON')
      .option('--whole', 'what the file does not have is taken out')
      .option('--patch', 'what the file does not have stays as it is');
  const print = (flags: Flags, json: unknown, lines: readonly string[]): void => {
    if (flags.json) roots.print(JSON.stringify(json));
    else for (const line of lines) roots.print(line);
  };
  const open = <T>(flags: Flags, work: (context: Context) => Promise<T>): Promise<T> =>
    withContext(flags, roots, false, work);

  subcommand('show', 'print a version of the rulebook; the one in force when none is named')
    .option('--yaml', 'print it as YAML (default)')
    .option('--version <number>', 'another version', parseVersion)
    .action(async (flags: Flags & { readonly version?: number }) => {
      const { writeRulebookYaml } = await import('../valuation/valuation.ts');
      const [row, inForce] = await open(flags, async ({ valuation }) => {
        const version = valuation.rulebook().version;
        return [
          valueOf(await valuation.proposals.findVersion(flags.version ?? version)),
          version,
        ] as const;
      });
      const { document, ...rest } = { ...viewOf(row, inForce), document: row.document };
      print(flags, { ...rest, document }, [
        `# version ${row.version} (${rest.state}), effective ${rest.effective_at}, by ` +
          `${printable(row.author)}`,
        writeRulebookYaml(document).trimEnd(),
      ]);
    });

  const checks = (name: string, description: string): void => {
    withFile(name, description).action(async (path: string, flags: FileFlags) => {
      const { describeChange } = await import('../valuation/valuation.ts');
      const { change, readAs } = await readChange(path, flags);
      const checked = await open(flags, async ({ valuation }) =>
        accepted(await valuation.proposals.check(change)),
      );
      const changes = JSON.parse(checked.changes) as readonly Change[];
      const told = changes.length === 0 ? ['Nothing changes.'] : await linesOf(changes);
      print(
        flags,
        { valid: true, changes, lines: changes.flatMap(describeChange) },
        name === 'diff'
          ? told
          : [readAs, ...told, 'It is valid, and no chain of conversions gains.'],
      );
    });
  };
  checks('validate', 'check a change without proposing it');
  checks('diff', 'show what a file would change');

  withFile('propose', 'propose a change, for another operator to approve')
    .option(...AS_TOKEN_OPTION)
    .requiredOption(...REASON_OPTION)
    .option(
      '--effective <time>',
      'RFC 3339 time from which it is to hold (default: as soon as its notice is over)',
      parseTime,
    )
    .option('--urgent', 'without notice')
    .action(async (path: string, flags: ProposeFlags) => {
      const { change, readAs } = await readChange(path, flags);
      const made = await open(flags, async (context) => {
        const { operatorId } = await actingOperator(flags, roots, context);
        return accepted(
          await context.valuation.proposals.make({
            operatorId,
            reason: flags.reason,
            change,
            effectiveAtMs: flags.effective,
            urgent: flags.urgent,
          }),
        );
      });
      print(flags, await jsonOfProposal(made), [
        readAs,
        ...(await linesOf(made.changes)),
        ...waitingLines(made),
      ]);
    });

  subcommand('proposals', 'list the proposals, newest first')
    .addOption(
      new Option('--state <state>', 'only those').choices([
        'open',
        'approved',
        'rejected',
        'withdrawn',
      ]),
    )
    .action(async (flags: Flags & { readonly state?: ProposalState }) => {
      const rows = await open(flags, ({ valuation }) =>
        valuation.proposals.list(flags.state, 1_000),
      );
      const cells = rows.map((row) => [
        row.proposalId,
        row.state,
        row.madeBy,
        row.madeAt.toISOString(),
        row.decidedBy ?? '-',
        row.version === null ? '-' : String(row.version),
        printable(row.reason),
      ]);
      print(
        flags,
        { proposals: await Promise.all(rows.map(jsonOfProposal)) },
        tableLines([
          ['proposal_id', 'state', 'made_by', 'made_at', 'decided_by', 'version', 'reason'],
          ...cells,
        ]),
      );
    });

  subcommand('proposal', 'show a proposal and what it changes')
    .argument('<proposal_id>')
    .action(async (proposalId: string, flags: Flags) => {
      const [row, obstacle] = await open(flags, async ({ valuation }) => {
        const found = valueOf(await valuation.proposals.find(proposalId));
        const comesTo =
          found.state === 'open' ? await valuation.proposals.rulebookOf(found) : undefined;
        return [found, comesTo === undefined || comesTo.ok ? null : comesTo.problem] as const;
      });
      print(
        flags,
        {
          ...(await jsonOfProposal(row)),
          obstacle: obstacle === null ? null : { code: obstacle.code, detail: obstacle.detail },
        },
        [
          ...linesOfProposal(row),
          ...(await linesOf(row.changes)),
          ...(obstacle === null
            ? []
            : [`It cannot be approved now: ${obstacle.error}. ${obstacle.detail}`]),
        ],
      );
    });

  const decides = (name: 'approve' | 'reject' | 'withdraw', description: string): void => {
    subcommand(name, description)
      .argument('<proposal_id>')
      .option(...AS_TOKEN_OPTION)
      .option(...REASON_OPTION)
      .action(async (proposalId: string, flags: DecideFlags) => {
        const [row, version, inForce] = await open(flags, async (context) => {
          const { operatorId } = await actingOperator(flags, roots, context);
          const { proposals } = context.valuation;
          const decision: Decision = { proposalId, operatorId, reason: flags.reason };
          const decided = accepted(await proposals[name](decision));
          if (decided.version === null) return [decided, undefined, false] as const;
          const { activateDue } = await import('../network/network.ts');
          await activateDue(context);
          const made = valueOf(await proposals.findVersion(decided.version));
          return [
            decided,
            made,
            made.activatedAt !== null && (await context.valuation.isInForce(made.version)),
          ] as const;
        });
        const effect = version === undefined ? '' : ` ${effectOf(version, inForce)}`;
        print(
          flags,
          {
            ...(await jsonOfProposal(row)),
            effective_at: isoOf(version?.effectiveAt ?? row.effectiveAt),
            in_force: inForce,
          },
          [`${row.proposalId} is ${row.state}.${effect}`],
        );
      });
  };
  decides(
    'approve',
    'approve the proposal of another operator; waits until what is due is in force in all ' +
      'running processes',
  );
  decides('reject', 'reject the proposal of another operator');
  decides('withdraw', "take back a proposal of one's own");

  subcommand('history', 'list the versions of the rulebook, newest first').action(
    async (flags: Flags) => {
      const versions = await open(flags, async ({ valuation }) =>
        (await valuation.proposals.listVersions(2_147_483_647, 1_000)).map((row) =>
          viewOf(row, valuation.rulebook().version),
        ),
      );
      const columns = [
        'version',
        'state',
        'effective_at',
        'activated_at',
        'author',
        'proposal_id',
      ] as const;
      print(
        flags,
        { versions },
        tableLines([
          columns,
          ...versions.map((row) => columns.map((column) => String(row[column] ?? '-'))),
        ]),
      );
    },
  );

  rules
    .command('variables')
    .description('list what the condition of a rule may ask about')
    .option(...JSON_OPTION)
    .addHelpText('after', CODES)
    .action(async (flags: Flags) => {
      const { RULE_VARIABLES } = await import('../valuation/valuation.ts');
      const variables = Object.entries(RULE_VARIABLES).map(([name, { type, meaning }]) => ({
        name,
        type,
        meaning,
      }));
      print(
        flags,
        { variables },
        tableLines([
          ['name', 'type', 'meaning'],
          ...variables.map(({ name, type, meaning }) => [name, type, meaning]),
        ]),
      );
    });
}

/** The value, or the refusal with all faults. */
export function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw refusalOf(result.problem);
  return result.value;
}

/** In force is told only once it is so in all running processes. */
function effectOf({ version, effectiveAt, activatedAt }: VersionRow, inForce: boolean): string {
  if (inForce) return `It is in force as version ${version}.`;
  return activatedAt === null
    ? `It takes effect at ${effectiveAt.toISOString()} as version ${version}.`
    : `It takes effect as version ${version} now, in running processes within about a second.`;
}

export async function linesOf(changes: readonly Change[]): Promise<string[]> {
  const { describeChange } = await import('../valuation/valuation.ts');
  return changes.flatMap(describeChange).map((line) => `  ${line}`);
}

/** What its maker is told. */
export function waitingLines({ proposalId }: Proposal): string[] {
  return [
    `proposal_id  ${proposalId}`,
    `Another operator approves it with: pontis rules approve ${proposalId}`,
  ];
}

export async function jsonOfProposal(row: Proposal): Promise<Readonly<Record<string, unknown>>> {
  const { describeChange } = await import('../valuation/valuation.ts');
  return {
    proposal_id: row.proposalId,
    state: row.state,
    made_by: row.madeBy,
    made_at: isoOf(row.madeAt),
    reason: row.reason,
    base_version: row.baseVersion,
    effective_at: isoOf(row.effectiveAt),
    urgent: row.urgent,
    decided_by: row.decidedBy,
    decided_at: isoOf(row.decidedAt),
    decision_reason: row.decisionReason,
    version: row.version,
    changes: row.changes,
    lines: row.changes.flatMap(describeChange),
  };
}

function linesOfProposal(row: Proposal): string[] {
  const decided =
    row.decidedBy === null
      ? []
      : [
          `decided      ${row.state} by ${row.decidedBy} at ` +
            `${isoOf(row.decidedAt) ?? ''}${row.decisionReason === null ? '' : `: ${printable(row.decisionReason)}`}`,
        ];
  return [
    `proposal_id  ${row.proposalId}`,
    `state        ${row.state}${row.version === null ? '' : `, version ${row.version}`}`,
    `made         by ${row.madeBy} at ${row.madeAt.toISOString()} on version ${row.baseVersion}`,
    `reason       ${printable(row.reason)}`,
    'effective    ' +
      `${isoOf(row.effectiveAt) ?? 'as soon as its notice is over'}${row.urgent ? ' (urgent: without notice)' : ''}`,
    ...decided,
  ];
}

function viewOf(row: Omit<VersionRow, 'document' | 'assets'>, inForce: number) {
  return {
    version: row.version,
    state: row.activatedAt === null ? 'scheduled' : row.version === inForce ? 'in_force' : 'past',
    author: row.author,
    proposal_id: row.proposalId,
    effective_at: isoOf(row.effectiveAt),
    activated_at: isoOf(row.activatedAt),
  };
}

function isoOf(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}

export function parseReason(text: string): string {
  if (text.trim() === '' || text.length > 500 || printable(text) !== text)
    throw new InvalidArgumentError('One line of 1 to 500 characters.');
  return text;
}

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('A version number.');
  return Number(text);
}

function parseTime(text: string): number {
  const atMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? parseMoment(text)
    : undefined;
  if (atMs === undefined)
    throw new InvalidArgumentError('An RFC 3339 time such as 2026-06-01T00:00:00+08:00.');
  return atMs;
}
