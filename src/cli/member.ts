// `pontis member`: shows and links the users of several platforms that are one person. A link by
// operators takes two of them, because knowing a member's id proves nothing.

import type { Command } from 'commander';

import type { Identity, MemberLink } from '../identity/identity.ts';
import { identityProblems } from '../identity/problems.ts';
import { isMemberId, type MemberId } from '../kernel/ids.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import { askFor } from './asked.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  operatorErrorOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { rowLines } from './table.ts';
import { tell, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
  readonly file?: string;
  readonly reason?: string;
}

const CODES = exitCodesHelp({
  65: 'refused, e.g. a user that is linked already, or a malformed file',
  66: 'the file cannot be read',
});
const HEADER = ['platform_id', 'platform_user_id', 'member_id'] as const;
const MOST_LINKS = 10_000;
const COLUMNS = [
  'platform_id',
  'platform_user_id',
  'linked_at',
  'made_by',
  'approved_by',
  'reason',
] as const;

export function registerMember<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const member = program
    .command('member')
    .description('see and link users of several platforms that are one person');
  const subcommand = (name: string, description: string): Command =>
    member
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION);
  subcommand(
    'link',
    'request a permanent link of an unlinked user to a member, or many from a file, all or none',
  )
    .argument('[platform_id]')
    .argument('[platform_user_id]')
    .argument('[member_id]', 'as `pontis member find` prints it')
    .option(
      '--file <csv>',
      `instead: a file with the columns ${HEADER.join(', ')} and a header, up to ` +
        `${MOST_LINKS} links`,
    )
    .requiredOption('--reason <text>', 'why they are one person; kept with each link')
    .option(...AS_TOKEN_OPTION)
    .addHelpText(
      'after',
      `\nA user that belongs to another member is refused, and so is a second user of a ` +
        `member on one platform. Pontis may be running.${CODES}`,
    )
    .action(
      async (
        platformId: string | undefined,
        userId: string | undefined,
        memberId: string | undefined,
        flags: Flags,
      ) => {
        const links =
          flags.file === undefined
            ? [linkOf([platformId ?? '', userId ?? '', memberId ?? ''], 'usage')]
            : await readFile(flags.file, platformId);
        const { writeLinks } = await import('../acts/acts.ts');
        await askFor(
          {
            act: 'member_link',
            arguments: { links: writeLinks(links) },
            reason: flags.reason ?? '',
          },
          flags,
          roots,
        );
      },
    );

  subcommand('find', "show the member of a platform's user, with the member's users everywhere")
    .argument('<platform_id>')
    .argument('<platform_user_id>')
    .addHelpText('after', `\nReads only; Pontis may be running.${CODES}`)
    .action((platformId: string, userId: string, flags: Flags) =>
      tell(flags, roots, async ({ identity }) => {
        const platform = identity.findPlatform(platformId);
        if (platform === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
        const link = await identity.findLink(platform.platformId, userId);
        if (link === undefined) throw operatorErrorOf(identityProblems.user_not_found());
        return showMember(link.memberId, identity);
      }),
    );

  subcommand('show', 'show a member with its users everywhere, and which operators linked them')
    .argument('<member_id>')
    .addHelpText('after', `\nReads only; Pontis may be running.${CODES}`)
    .action((memberId: string, flags: Flags) =>
      tell(flags, roots, ({ identity }) => {
        if (!isMemberId(memberId)) throw operatorErrorOf(identityProblems.member_not_found());
        return showMember(memberId, identity);
      }),
    );
}

async function showMember(memberId: MemberId, identity: Identity): Promise<Told> {
  const { describeMember } = await import('../views/member.ts');
  const view = await describeMember(identity, memberId);
  if (view === undefined) throw operatorErrorOf(identityProblems.member_not_found());
  return { json: view, lines: [`member ${memberId}`, ...rowLines(COLUMNS, view.links)] };
}

/** Reads one link. User ids are used exactly as they are written: nothing is trimmed. */
function linkOf(
  [platformId = '', platformUserId = '', memberId = '']: readonly string[],
  where: 'usage' | 'badInput',
  line?: number,
): MemberLink {
  if (platformId !== '' && platformUserId !== '' && isMemberId(memberId)) {
    return { platformId, platformUserId, memberId };
  }
  throw new OperatorError(
    where,
    line === undefined
      ? 'Give <platform_id> <platform_user_id> <member_id>, or --file; a member_id is a ' +
          'lower-case UUID.'
      : `Line ${line} is not a link: it needs ${HEADER.join(', ')}, and a member_id is a ` +
          'lower-case UUID.',
  );
}

async function readFile(path: string, argument: string | undefined): Promise<MemberLink[]> {
  if (argument !== undefined) throw new OperatorError('usage', 'Give either one link or --file.');
  const [{ openLines }, { readRecords }] = await Promise.all([
    import('./read-lines.ts'),
    import('./read-records.ts'),
  ]);
  const file = await openLines(path);
  const links: MemberLink[] = [];
  let order: readonly number[] | undefined;
  for await (const record of readRecords(file.lines())) {
    if ('fault' in record) {
      throw new OperatorError('badInput', `Line ${record.line} of ${path} ${record.fault}.`);
    }
    if (order === undefined) {
      order = HEADER.map((name) => record.fields.indexOf(name));
      if (order.includes(-1)) {
        throw new OperatorError(
          'badInput',
          `The first line of ${path} must name the columns ${HEADER.join(', ')}.`,
        );
      }
      continue;
    }
    links.push(
      linkOf(
        order.map((at) => record.fields[at] ?? ''),
        'badInput',
        record.line,
      ),
    );
    if (links.length > MOST_LINKS) {
      throw new OperatorError(
        'badInput',
        `${path} has more than ${MOST_LINKS} links; split it into several requests.`,
      );
    }
  }
  if (links.length === 0) throw new OperatorError('badInput', `${path} has no link.`);
  return links;
}
