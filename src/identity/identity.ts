// Who takes part: platforms, operators, members, which platform user is which member, and its tags.
// Never knows balances, rates or HTTP. The only file of this module that others import.

import { randomBytes } from 'node:crypto';
import { isPlatformId, platformOwnerId, type MemberId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { DAY_MS, systemClock, type Clock } from '../kernel/time.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { PlatformTokens, Sealer } from '../security/security.ts';
import { authenticate } from './authenticate.ts';
import { followTags } from './follow-tags.ts';
import { createLinkResolver } from './link-resolver.ts';
import { checkMemberLinks, linkMembers, type LinksCheck } from './link-members.ts';
import { confirmLink, linkUser, linkUsers, type LinkedUser } from './link-users.ts';
import {
  addOperator,
  authenticateOperator,
  renewOperatorToken,
  setOperatorState,
} from './operators.ts';
import { createPlatformDirectory, openSecret } from './platform-directory.ts';
import { identityProblems } from './problems.ts';
import { isScrapeToken, renewScrapeToken } from './scrape-token.ts';
import { setTags } from './set-tags.ts';
import {
  changePlatform,
  countOperators,
  insertPlatform,
  selectLink,
  selectLinksOf,
  selectLinkWords,
  selectOperatorChanges,
  selectOperators,
  selectPlatforms,
  selectTaggedMembers,
} from './store.ts';
import { createUserResolver } from './user-resolver.ts';
import {
  NO_TAGS,
  type Custody,
  type Link,
  type LinkedOnWord,
  type Maker,
  type MemberLink,
  type Operator,
  type OperatorChange,
  type OperatorState,
  type OperatorToken,
  type Platform,
  type PlatformState,
  type Signing,
  type TaggedMember,
} from './types.ts';

export {
  MAX_TAGS,
  SIGNINGS,
  TAG,
  type Custody,
  type Maker,
  type MemberLink,
  type Operator,
  type OperatorChange,
  type OperatorToken,
  type Platform,
  type Signing,
  type TaggedMember,
} from './types.ts';
export { identityProblems } from './problems.ts';
export {
  faultOfNewUserId,
  isUserId,
  MAX_USER_ID_LENGTH,
  showUserId,
  USER_ID_TEXT,
} from './user-id.ts';

export interface Identity {
  /** Token → active platform; without a promise when the token has been seen before. */
  authenticate(token: string): Result<Platform> | Promise<Result<Platform>>;

  /** From memory; changes of other processes show within about a second. */
  findPlatform(platformId: string): Platform | undefined;
  listPlatforms(): readonly Platform[];
  /**
   * Registers a platform under a new random secret. `onboarding.ts` adds what ledger and valuation
   * need.
   */
  addPlatform(platform: {
    readonly platformId: string;
    readonly name: string;
    readonly custody: Custody;
  }): Promise<Result<{ readonly platform: Platform; readonly secret: string }>>;
  /** The signing secret, to tell its platform. */
  getSecret(platformId: string): Promise<Result<string>>;
  /**
   * A new secret, known here at once and elsewhere within about a second; in a caller's
   * dbTransaction, within about a second everywhere. The old one is good for as long as is said
   * beside it, and one before that no more.
   */
  rotateSecret(platformId: string, overlapMs?: number, client?: DbClient): Promise<Result<string>>;
  /** A token of the generation in force. */
  issueToken(platformId: string, lifetimeSeconds?: number): Promise<Result<string>>;
  /**
   * A token of the generation in force, or of a new one that makes all tokens issued so far
   * invalid.
   */
  renewToken(
    platformId: string,
    how: { readonly lifetimeSeconds: number | undefined; readonly revoke: boolean },
    client: DbClient,
  ): Promise<Result<string>>;
  /** Makes all tokens issued so far invalid. */
  revokeTokens(platformId: string): Promise<Result<Platform>>;
  setPlatformState(platformId: string, state: PlatformState): Promise<Result<Platform>>;
  setSigning(platformId: string, signing: Signing): Promise<Result<Platform>>;

  /** Takes a person among those who run the network; the token is told here and nowhere else. */
  addOperator(operatorId: string, maker?: Maker, client?: DbClient): Promise<Result<OperatorToken>>;
  listOperators(): Promise<Operator[]>;
  /** A new token; the old one stops working at once. */
  renewOperatorToken(
    operatorId: string,
    maker?: Maker,
    client?: DbClient,
  ): Promise<Result<OperatorToken>>;
  /**
   * The word of whoever owns the machine, when nobody has a token any more: a new token for an
   * operator who is there, and active.
   */
  recoverOperator(operatorId: string, reason: string): Promise<Result<OperatorToken>>;
  setOperatorState(
    operatorId: string,
    state: OperatorState,
    maker?: Maker,
    client?: DbClient,
  ): Promise<Result<Operator>>;
  /**
   * Who made operators, their tokens and their states, oldest first; those from before this was
   * kept have none.
   */
  listOperatorChanges(): Promise<OperatorChange[]>;
  /** How many there are, suspended ones too; stays so until the end of the dbTransaction. */
  countOperators(client: DbClient): Promise<number>;
  /** Token → active operator, from the database each time: a suspension is in force at once. */
  authenticateOperator(token: string): Promise<Result<Operator>>;
  /** Whether a monitor may read figures under it. */
  isScrapeToken(token: string): Promise<boolean>;
  /** A new one, told once; the former one stops working. */
  renewScrapeToken(): Promise<string>;

  /** The member that a platform's user is; at once when seen before, undefined when not linked. */
  resolveMember(
    platformId: PlatformId,
    userId: string,
  ): MemberId | undefined | Promise<MemberId | undefined>;
  /**
   * The platform's own id of a member; undefined when it has none there. From memory when seen
   * before; questions asked at once share a statement.
   */
  userOf(platformId: PlatformId, memberId: MemberId): Promise<string | undefined>;
  /**
   * Links to the member that (platform, user) derives; to a given one for the program's own code,
   * never on a platform's word. Repeating it changes nothing.
   */
  linkUser(
    platformId: PlatformId,
    userId: string,
    memberId?: MemberId,
  ): Promise<Result<LinkedUser>>;
  /** Whether a user is linked to the member that its platform names; every no is the same. */
  confirmLink(platformId: PlatformId, userId: string, claimed: string): Promise<Result<LinkedUser>>;
  /** Which of these links are not there yet; or why the first of them cannot be made. */
  checkMemberLinks(links: readonly MemberLink[]): Promise<Result<LinksCheck>>;
  /**
   * Links users to members on the word of operators, all or none, in the caller's dbTransaction;
   * answers how many links are new.
   */
  linkMembers(links: readonly MemberLink[], word: Maker, client: DbClient): Promise<Result<number>>;
  /** On whose word users of a member were linked to it. */
  listLinkWords(memberId: MemberId): Promise<LinkedOnWord[]>;
  /**
   * Links many users of a platform to their derived members; returns how many links are new. Ids
   * that may not be linked are passed over.
   */
  linkUsers(platformId: PlatformId, userIds: readonly string[]): Promise<number>;
  findLink(platformId: PlatformId, userId: string): Promise<Link | undefined>;
  listLinks(memberId: MemberId): Promise<Link[]>;

  /**
   * Sets what a platform says of its user, as a whole: each 1 to 40 of a-z, 0-9, `_`, `.` and `-`,
   * at most 20. Answers them sorted. In force here at once and within a second elsewhere.
   */
  setTags(
    platformId: PlatformId,
    userId: string,
    tags: readonly string[],
  ): Promise<Result<readonly string[]>>;
  /**
   * From memory, for a user that `resolveMember` has just resolved; sorted, and a shared frozen
   * array when there are none.
   */
  tagsOf(platformId: PlatformId, userId: string): readonly string[];
  /** Whoever has tags now, on one platform or on all. */
  listTags(platformId?: PlatformId): Promise<TaggedMember[]>;

  /** Notices changes of other processes at once instead of within a second. */
  refresh(): Promise<void>;
  close(): void;
}

/** How long a secret is good beside the one that replaces it, when nothing else is said. */
export const SECRET_OVERLAP_MS = DAY_MS;

export interface IdentityParts {
  readonly clock?: Clock;
  readonly pool: Pool;
  readonly sealer: Sealer;
  readonly tokens: PlatformTokens;
  readonly log: Log;
}

/** The program itself, such as in the demo network. */
const NOBODY: Maker = { madeBy: null, approvedBy: null, requestId: null, reason: '' };

export async function createIdentity({
  pool,
  sealer,
  tokens,
  log,
  clock = systemClock,
}: IdentityParts): Promise<Identity> {
  const directory = await createPlatformDirectory(pool, sealer, log);
  const links = createLinkResolver(pool);
  const users = createUserResolver(pool);
  const tags = await followTags(pool, links, log);

  /** A change of an operator and the note of who made it, in one commit. */
  function within<T>(client: DbClient | undefined, work: (db: DbClient) => Promise<T>): Promise<T> {
    return client === undefined ? dbTransaction(pool, work) : work(client);
  }

  /** Applies a change and answers with the platform as it is afterwards. */
  async function change(
    platformId: string,
    what: Parameters<typeof changePlatform>[2],
  ): Promise<Result<Platform>> {
    const changed = isPlatformId(platformId)
      ? await changePlatform(pool, platformId, what)
      : undefined;
    await directory.refresh();
    const platform = directory.find(platformId);
    return changed !== undefined && platform !== undefined
      ? ok(platform)
      : refuse(identityProblems.platform_not_found());
  }

  return {
    authenticate: (token) => authenticate(tokens, directory, token),
    findPlatform: (platformId) => directory.find(platformId),
    listPlatforms: () => directory.list(),

    async addPlatform({ platformId, name, custody }) {
      if (!isPlatformId(platformId)) return refuse(identityProblems.invalid_platform_id());
      const secret = newSecret();
      const row = {
        platform_id: platformId,
        owner_id: platformOwnerId(platformId),
        name,
        custody,
        sealed_secret: sealer.seal(secret, platformId),
      };
      if (!(await insertPlatform(pool, row))) return refuse(identityProblems.platform_exists());
      await directory.refresh();
      const platform = directory.find(platformId);
      return platform === undefined
        ? refuse(identityProblems.platform_not_found())
        : ok({ platform, secret });
    },
    async getSecret(platformId) {
      const row = (await selectPlatforms(pool)).find(
        (candidate) => candidate.platform_id === platformId,
      );
      return row === undefined
        ? refuse(identityProblems.platform_not_found())
        : ok(openSecret(row, sealer));
    },
    async rotateSecret(platformId, overlapMs = SECRET_OVERLAP_MS, client = undefined) {
      const secret = newSecret();
      const formerUntil = overlapMs > 0 ? new Date(clock.now() + overlapMs) : null;
      const what = { sealedSecret: sealer.seal(secret, platformId), formerUntil };
      if (client === undefined) {
        const changed = await change(platformId, what);
        return changed.ok ? ok(secret) : changed;
      }
      const isChanged =
        isPlatformId(platformId) && (await changePlatform(client, platformId, what)) !== undefined;
      return isChanged ? ok(secret) : refuse(identityProblems.platform_not_found());
    },
    async issueToken(platformId, lifetimeSeconds) {
      await directory.refresh();
      const platform = directory.find(platformId);
      return platform === undefined
        ? refuse(identityProblems.platform_not_found())
        : ok(await tokens.issue(platform.platformId, platform.tokenVersion, lifetimeSeconds));
    },
    async renewToken(platformId, { lifetimeSeconds, revoke }, client) {
      const changed = isPlatformId(platformId)
        ? await changePlatform(client, platformId, { revokeTokens: revoke })
        : undefined;
      return changed === undefined || !isPlatformId(platformId)
        ? refuse(identityProblems.platform_not_found())
        : ok(await tokens.issue(platformId, changed.tokenVersion, lifetimeSeconds));
    },
    revokeTokens: (platformId) => change(platformId, { revokeTokens: true }),
    setPlatformState: (platformId, state) => change(platformId, { state }),
    setSigning: (platformId, signing) => change(platformId, { signing }),

    addOperator: (operatorId, maker = NOBODY, client) =>
      within(client, (db) => addOperator(db, operatorId, maker)),
    listOperators: () => selectOperators(pool),
    renewOperatorToken: (operatorId, maker = NOBODY, client) =>
      within(client, (db) => renewOperatorToken(db, operatorId, maker)),
    recoverOperator: (operatorId, reason) =>
      within(undefined, (db) =>
        renewOperatorToken(db, operatorId, { ...NOBODY, reason }, 'recovered'),
      ),
    setOperatorState: (operatorId, state, maker = NOBODY, client) =>
      within(client, (db) => setOperatorState(db, operatorId, state, maker)),
    countOperators,
    listOperatorChanges: () => selectOperatorChanges(pool),
    authenticateOperator: (token) => authenticateOperator(pool, token),
    isScrapeToken: (token) => isScrapeToken(pool, token),
    renewScrapeToken: () => renewScrapeToken(pool),

    resolveMember: (platformId, userId) => links.resolve(platformId, userId),
    userOf: (platformId, memberId) => users.userOf(platformId, memberId),
    async linkUser(platformId, userId, memberId) {
      const linked = await linkUser(pool, platformId, userId, memberId);
      // The tags of a link that was there before are not known; it is read when it is resolved.
      if (linked.ok && linked.value.created)
        links.remember(platformId, userId, {
          memberId: linked.value.memberId,
          tags: NO_TAGS,
          tagsVersion: 0,
        });
      return linked;
    },
    confirmLink: (platformId, userId, claimed) => confirmLink(pool, platformId, userId, claimed),
    checkMemberLinks: (wanted) => checkMemberLinks(pool, wanted),
    linkMembers: (wanted, word, client) => linkMembers(client, wanted, word),
    listLinkWords: (memberId) => selectLinkWords(pool, memberId),
    linkUsers: (platformId, userIds) => linkUsers(pool, platformId, userIds),
    findLink: (platformId, userId) => selectLink(pool, platformId, userId),
    listLinks: (memberId) => selectLinksOf(pool, memberId),

    setTags: (platformId, userId, given) => setTags(pool, links, platformId, userId, given),
    tagsOf: (platformId, userId) => links.tagsOf(platformId, userId),
    listTags: (platformId) => selectTaggedMembers(pool, platformId),

    async refresh() {
      await Promise.all([directory.refresh(), tags.refresh()]);
    },
    close() {
      directory.close();
      tags.close();
    },
  };
}

/** 256 random bits; the HMAC key is the text itself, as in the source requirement. */
function newSecret(): string {
  return `sk_${randomBytes(32).toString('base64url')}`;
}
