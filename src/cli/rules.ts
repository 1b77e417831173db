// `pontis rules`: shows the rulebook and its versions, and changes it: one operator proposes,
// another one decides.

import { InvalidArgumentError, Option, type Command } from 'commander';

import type { OperatorId } from '../kernel/ids.ts';
import type { Result } from '../kernel/problem.ts';
import { formatMoment, parseMoment } from '../kernel/time.ts';
import type { Change, Proposal, ProposalState, VersionRow } from '../valuation/valuation.ts';
import type { describeProposal } from '../views/rulebook.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import type { ActivationParts } from '../network/network.ts';
import { readChange, refusalOf } from './rulebook-file.ts';
import { printable, rowLines } from './table.ts';
import { print, tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface FileFlags extends TellFlags {
  readonly whole?: true;
  readonly patch?: true;
}

interface ProposeFlags extends FileFlags {
  readonly reason: string;
  readonly effective?: number;
  readonly urgent?: true;
}

interface DecideFlags extends TellFlags {
  readonly reason?: string;
}

interface ListFlags extends TellFlags {
  readonly state?: ProposalState;
}

interface VersionFlags extends TellFlags {
  readonly version?: number;
}

type Subcommand = (name: string, description: string, help?: string) => Command;

const CODES = exitCodesHelp({ 65: 'refused; nothing has changed', 66: 'the file cannot be read' });
const REASON_OPTION = ['--reason <text>', 'why; kept in the history', parseReason] as const;
const FILE_HELP =
  '\nFILE is YAML or JSON. With all sections it is a whole rulebook, else a patch: it has only ' +
  'the items that change, each complete; null removes an item.';
const STATES = ['open', 'approved', 'rejected', 'withdrawn'] as const;
const PROPOSAL_COLUMNS = [
  'proposal_id',
  'state',
  'made_by',
  'made_at',
  'decided_by',
  'version',
  'reason',
] as const;
const VERSION_COLUMNS = [
  'version',
  'state',
  'effective_at',
  'activated_at',
  'author',
  'proposal_id',
] as const;
const AFTER_ALL = 2_147_483_647;
const MOST = 1_000;

export function registerRules<Context extends CommandContext & ActivationParts>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const rules = program
    .command('rules')
    .description('see and change the rulebook: rates, fees, limits, earning, rewards');
  const subcommand: Subcommand = (name, description, help = '') =>
    rules
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `${help}\nPontis may be running; it notices within about a second.${CODES}`,
      );

  subcommand('show', 'print a version of the rulebook (default: the one in force)')
    .option('--yaml', 'print it as YAML (default)')
    .option('--version <number>', 'another version', parseVersion)
    .action((flags: VersionFlags) =>
      tell(flags, roots, (context) => showVersion(flags.version, context)),
    );

  registerFileCommands(subcommand, roots);

  subcommand('proposals', 'list the proposals, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .action((flags: ListFlags) =>
      tell(flags, roots, async ({ valuation }) => {
        const { describeProposal } = await import('../views/rulebook.ts');
        const proposals = (await valuation.proposals.list(flags.state, MOST)).map(describeProposal);
        return { json: { proposals }, lines: rowLines(PROPOSAL_COLUMNS, proposals) };
      }),
    );

  subcommand('proposal', 'show a proposal and what it changes')
    .argument('<proposal_id>')
    .action((proposalId: string, flags: TellFlags) =>
      tell(flags, roots, (context) => showProposal(proposalId, context)),
    );

  registerDecisions(subcommand, roots);

  subcommand('history', 'list the versions of the rulebook, newest first').action(
    (flags: TellFlags) => tell(flags, roots, listVersions),
  );

  rules
    .command('variables')
    .description('list the variables that conditions of rules may use')
    .option(...JSON_OPTION)
    .addHelpText('after', CODES)
    .action(async (flags: TellFlags) => {
      const { RULE_VARIABLES } = await import('../valuation/valuation.ts');
      const variables = Object.entries(RULE_VARIABLES).map(([name, { type, meaning }]) => ({
        name,
        type,
        meaning,
      }));
      print(
        { json: { variables }, lines: rowLines(['name', 'type', 'meaning'], variables) },
        flags,
        roots,
      );
    });
}

/** Commands that read a change from a file. */
function registerFileCommands<Context extends CommandContext>(
  subcommand: Subcommand,
  roots: CommandRoots<Context>,
): void {
  const withFile = (name: string, description: string): Command =>
    subcommand(name, description, FILE_HELP)
      .argument('<file>', 'YAML or JSON')
      .option('--whole', 'remove the items that the file does not have')
      .option('--patch', 'keep the items that the file does not have');

  for (const [name, description] of [
    ['validate', 'check a change without proposing it'],
    ['diff', 'show the changes that a file would make'],
  ] as const) {
    withFile(name, description).action(async (path: string, flags: FileFlags) => {
      const { change, readAs } = await readChange(path, flags);
      await tell(flags, roots, async ({ valuation }) => {
        const { describeChanges } = await import('../views/rulebook.ts');
        const checked = accepted(await valuation.proposals.check(change));
        const view = describeChanges(JSON.parse(checked.changes) as readonly Change[]);
        const told = view.lines.length === 0 ? ['Nothing changes.'] : indented(view.lines);
        return {
          json: { valid: true, ...view },
          lines:
            name === 'diff'
              ? told
              : [readAs, ...told, 'It is valid, and no chain of conversions gains points.'],
        };
      });
    });
  }

  withFile('propose', 'propose a change, for another operator to approve')
    .option(...AS_TOKEN_OPTION)
    .requiredOption(...REASON_OPTION)
    .option(
      '--effective <time>',
      'RFC 3339 time at which it takes effect (default: the end of its notice period)',
      parseTime,
    )
    .option('--urgent', 'without a notice period')
    .action(async (path: string, { reason, effective, urgent, ...flags }: ProposeFlags) => {
      const { change, readAs } = await readChange(path, flags);
      await tellAs(flags, roots, async ({ valuation }, operatorId) => {
        const made = await valuation.proposals.make({
          operatorId,
          reason,
          change,
          effectiveAtMs: effective,
          urgent,
        });
        const { json, lines } = await proposedOf(accepted(made));
        return { json, lines: [readAs, ...lines] };
      });
    });
}

function registerDecisions<Context extends CommandContext & ActivationParts>(
  subcommand: Subcommand,
  roots: CommandRoots<Context>,
): void {
  const decides = (
    name: 'approve' | 'reject' | 'withdraw',
    description: string,
    work: (context: Context, decision: Decision) => Promise<Told>,
  ): void => {
    subcommand(name, description)
      .argument('<proposal_id>')
      .option(...AS_TOKEN_OPTION)
      .option(...REASON_OPTION)
      .action((proposalId: string, { reason, ...flags }: DecideFlags) =>
        tellAs(flags, roots, (context, operatorId) =>
          work(context, { proposalId, operatorId, reason }),
        ),
      );
  };
  decides(
    'approve',
    "approve another operator's proposal; if it is due, wait until it is in force in all " +
      'running processes',
    (context, decision) => approve(decision, context),
  );
  const turnDown =
    (word: 'reject' | 'withdraw') =>
    async ({ valuation }: Context, decision: Decision): Promise<Told> => {
      const { describeProposal } = await import('../views/rulebook.ts');
      const view = describeProposal(accepted(await valuation.proposals[word](decision)));
      return { json: view, lines: [`${view.proposal_id} is ${view.state}.`] };
    };
  decides('reject', "reject another operator's proposal", turnDown('reject'));
  decides('withdraw', 'withdraw your own proposal', turnDown('withdraw'));
}

interface Decision {
  readonly proposalId: string;
  readonly operatorId: OperatorId;
  readonly reason: string | undefined;
}

async function approve(
  decision: Decision,
  context: CommandContext & ActivationParts,
): Promise<Told> {
  const [{ activateDue }, { describeApprovedProposal }] = await Promise.all([
    import('../network/network.ts'),
    import('../views/rulebook.ts'),
  ]);
  const { proposals } = context.valuation;
  const row = accepted(await proposals.approve(decision));
  await activateDue(context);
  const version =
    row.version === null ? undefined : valueOf(await proposals.findVersion(row.version));
  const isInForce =
    version !== undefined &&
    version.activatedAt !== null &&
    (await context.valuation.isInForce(version.version));
  const view = describeApprovedProposal(row, isInForce);
  const effect = version === undefined ? '' : ` ${effectOf(version, isInForce)}`;
  return { json: view, lines: [`${view.proposal_id} is ${view.state}.${effect}`] };
}

async function showVersion(
  named: number | undefined,
  { valuation }: CommandContext,
): Promise<Told> {
  const [{ writeRulebookYaml }, { describeVersionWithDocument }] = await Promise.all([
    import('../valuation/valuation.ts'),
    import('../views/rulebook.ts'),
  ]);
  const inForce = valuation.rulebook().version;
  const row = valueOf(await valuation.proposals.findVersion(named ?? inForce));
  const view = describeVersionWithDocument(row, inForce);
  return {
    json: view,
    lines: [
      `# version ${view.version} (${view.state}), effective ${view.effective_at}, by ` +
        `${printable(view.author)}`,
      writeRulebookYaml(row.document).trimEnd(),
    ],
  };
}

async function listVersions({ valuation }: CommandContext): Promise<Told> {
  const { describeVersions } = await import('../views/rulebook.ts');
  // One row more than the limit shows that there is a next page.
  const rows = await valuation.proposals.listVersions(AFTER_ALL, MOST + 1);
  const view = describeVersions(rows, MOST, valuation.rulebook().version);
  return { json: view, lines: rowLines(VERSION_COLUMNS, view.versions) };
}

async function showProposal(proposalId: string, { valuation }: CommandContext): Promise<Told> {
  const { describeProposalNow } = await import('../views/rulebook.ts');
  const row = valueOf(await valuation.proposals.find(proposalId));
  const comesTo = row.state === 'open' ? await valuation.proposals.rulebookOf(row) : undefined;
  const obstacle = comesTo?.ok === false ? comesTo.problem : undefined;
  const view = describeProposalNow(row, obstacle);
  return {
    json: view,
    lines: [
      ...linesOfProposal(view),
      ...indented(view.lines),
      ...(obstacle === undefined
        ? []
        : [`It cannot be approved now: ${obstacle.error}. ${obstacle.detail}`]),
    ],
  };
}

/** Shows a proposal that was just made: its changes, and the next step. */
export async function proposedOf(row: Proposal): Promise<Told> {
  const { describeProposalWithChanges } = await import('../views/rulebook.ts');
  const view = describeProposalWithChanges(row);
  return {
    json: view,
    lines: [
      ...indented(view.lines),
      `proposal_id  ${view.proposal_id}`,
      `Another operator approves it with: pontis rules approve ${view.proposal_id}`,
    ],
  };
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Returns the value, or throws the refusal with all its faults. */
export function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw refusalOf(result.problem);
  return result.value;
}

/** Says "in force" only once the version is in force in all running processes. */
function effectOf({ version, effectiveAt, activatedAt }: VersionRow, inForce: boolean): string {
  if (inForce) return `It is in force as version ${version}.`;
  return activatedAt === null
    ? `It takes effect at ${formatMoment(effectiveAt)} as version ${version}.`
    : `It takes effect as version ${version} now, in running processes within about a second.`;
}

function linesOfProposal(view: ReturnType<typeof describeProposal>): string[] {
  const { decision_reason: why } = view;
  const decided =
    view.decided_by === null
      ? []
      : [
          `decided      ${view.state} by ${view.decided_by} at ${view.decided_at ?? ''}` +
            (why === null ? '' : `: ${printable(why)}`),
        ];
  return [
    `proposal_id  ${view.proposal_id}`,
    `state        ${view.state}${view.version === null ? '' : `, version ${view.version}`}`,
    `made         by ${view.made_by} at ${view.made_at} on version ${view.base_version}`,
    `reason       ${printable(view.reason)}`,
    `effective    ${view.effective_at ?? 'at the end of its notice period'}` +
      (view.urgent ? ' (urgent: without a notice period)' : ''),
    ...decided,
  ];
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
