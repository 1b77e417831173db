// The participants: platforms, operators and members, the links from platform users to members, and
// the tags of users. Never knows balances, rates or HTTP. The only file of this module that others
// import.

import { randomBytes } from 'node:crypto';
import { isPlatformId, platformOwnerId, type MemberId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { systemClock, type Clock } from '../kernel/time.ts';
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
import { countOperators, selectOperatorChanges, selectOperators } from './operator-store.ts';
import {
  changePlatform,
  insertPlatform,
  selectLink,
  selectLinksOf,
  selectOperatorLinks,
  selectPlatforms,
  selectTaggedMembers,
} from './store.ts';
import { createUserResolver } from './user-resolver.ts';
import {
  NO_TAGS,
  SECRET_OVERLAP_MS,
  type Custody,
  type Link,
  type OperatorLink,
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
  TAG,
  type Custody,
  type Maker,
  type MemberLink,
  type Operator,
  type OperatorChange,
  type OperatorToken,
  type Platform,
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

/**
 * The surface of the module. Methods return a `Result` where a problem of `identityProblems` is
 * possible.
 */
export interface Identity {
  /** The active platform of a token. Without a promise when the token is cached. */
  authenticate(token: string): Result<Platform> | Promise<Result<Platform>>;

  /** Read from memory. Changes of other processes become visible within about one second. */
  findPlatform(platformId: string): Platform | undefined;
  listPlatforms(): readonly Platform[];
  /**
   * Registers a platform with a new random secret. `network/onboarding.ts` adds what the ledger and
   * the valuation need.
   */
  addPlatform(platform: {
    readonly platformId: string;
    readonly name: string;
    readonly custody: Custody;
  }): Promise<Result<{ readonly platform: Platform; readonly secret: string }>>;
  /** The signing secret of a platform, to show it to that platform. */
  getSecret(platformId: string): Promise<Result<string>>;
  /**
   * Replaces the secret of a platform. The old secret stays valid for `overlapMs` milliseconds (one
   * day by default); an even older one becomes invalid. The change is in force here at once and in
   * other processes within about one second. When `client` is given, that is within about one
   * second after its commit, also here.
   */
  rotateSecret(platformId: string, overlapMs?: number, client?: DbClient): Promise<Result<string>>;
  /** Makes a token of the current version; `lifetimeSeconds` is 365 days by default. */
  issueToken(platformId: string, lifetimeSeconds?: number): Promise<Result<string>>;
  /**
   * Makes a token of the current version, or with `revoke` of a new version, which makes all
   * earlier tokens invalid.
   */
  renewToken(
    platformId: string,
    how: { readonly lifetimeSeconds: number | undefined; readonly revoke: boolean },
    client: DbClient,
  ): Promise<Result<string>>;
  /** Makes all tokens that were issued so far invalid. */
  revokeTokens(platformId: string): Promise<Result<Platform>>;
  setPlatformState(platformId: string, state: PlatformState): Promise<Result<Platform>>;
  setSigning(platformId: string, signing: Signing): Promise<Result<Platform>>;

  /** Adds a person who runs the network. The token is returned here and cannot be read again. */
  addOperator(operatorId: string, maker?: Maker, client?: DbClient): Promise<Result<OperatorToken>>;
  listOperators(): Promise<Operator[]>;
  /** Makes a new token; the old one becomes invalid at once. */
  renewOperatorToken(
    operatorId: string,
    maker?: Maker,
    client?: DbClient,
  ): Promise<Result<OperatorToken>>;
  /**
   * Makes a new token for an existing operator and makes the operator active. For the owner of the
   * machine, when no operator has a token any more.
   */
  recoverOperator(operatorId: string, reason: string): Promise<Result<OperatorToken>>;
  setOperatorState(
    operatorId: string,
    state: OperatorState,
    maker?: Maker,
    client?: DbClient,
  ): Promise<Result<Operator>>;
  /**
   * Who made operators, tokens and state changes, oldest first. Operators from before this was
   * recorded have no entry.
   */
  listOperatorChanges(): Promise<OperatorChange[]>;
  /**
   * The number of operators, suspended ones included. It cannot change until the end of the
   * dbTransaction.
   */
  countOperators(client: DbClient): Promise<number>;
  /**
   * The active operator of a token. Read from the database each time, so a suspension is in force
   * at once.
   */
  authenticateOperator(token: string): Promise<Result<Operator>>;
  /** True for the token with which a monitor may read metrics and reasons. */
  isScrapeToken(token: string): Promise<boolean>;
  /** Makes a new token, which is returned here only; the former one becomes invalid. */
  renewScrapeToken(): Promise<string>;

  /**
   * The member that a platform's user is linked to; undefined when there is no link. Without a
   * promise when the link is in memory.
   */
  resolveMember(
    platformId: PlatformId,
    userId: string,
  ): MemberId | undefined | Promise<MemberId | undefined>;
  /**
   * The id of a member's user on a platform; undefined when the member has none there. Links in
   * memory need no question; questions in the same turn share one statement.
   */
  userOf(platformId: PlatformId, memberId: MemberId): Promise<string | undefined>;
  /**
   * Links a user to the member that (platform, user) derives. A given `memberId` is for the
   * program's own code; a platform must never be able to choose it. Repeating the call changes
   * nothing.
   */
  linkUser(
    platformId: PlatformId,
    userId: string,
    memberId?: MemberId,
  ): Promise<Result<LinkedUser>>;
  /**
   * Checks that a user is linked to the member whose id its platform gives. Every failure gives the
   * same problem.
   */
  confirmLink(platformId: PlatformId, userId: string, claimed: string): Promise<Result<LinkedUser>>;
  /**
   * Checks links that operators want to make. Returns those that do not exist yet, or the problem
   * with the first impossible one.
   */
  checkMemberLinks(links: readonly MemberLink[]): Promise<Result<LinksCheck>>;
  /**
   * Links users to members as operators have decided, all or none, in the caller's dbTransaction.
   * Returns the number of new links.
   */
  linkMembers(
    links: readonly MemberLink[],
    maker: Maker,
    client: DbClient,
  ): Promise<Result<number>>;
  /** Which operators linked users of a member to it, and why. */
  listOperatorLinks(memberId: MemberId): Promise<OperatorLink[]>;
  /**
   * Links many users of a platform to their derived members, and returns the number of new links.
   * Ids that may not be linked are skipped.
   */
  linkUsers(platformId: PlatformId, userIds: readonly string[]): Promise<number>;
  findLink(platformId: PlatformId, userId: string): Promise<Link | undefined>;
  listLinks(memberId: MemberId): Promise<Link[]>;

  /**
   * Replaces the tags that a platform has put on its user: at most 20, each 1 to 40 characters of
   * a-z, 0-9, `_`, `.` and `-`. Returns them sorted. In force here at once, and in other processes
   * within one second.
   */
  setTags(
    platformId: PlatformId,
    userId: string,
    tags: readonly string[],
  ): Promise<Result<readonly string[]>>;
  /**
   * The tags of a user that `resolveMember` has just resolved, from memory and sorted. A shared
   * frozen array when there are none.
   */
  tagsOf(platformId: PlatformId, userId: string): readonly string[];
  /** All members with tags, on one platform or on all. */
  listTags(platformId?: PlatformId): Promise<TaggedMember[]>;

  /** Reads changes of other processes at once instead of within one second. */
  refresh(): Promise<void>;
  close(): void;
}

/** What the module is made from. */
export interface IdentityParts {
  readonly clock?: Clock;
  readonly pool: Pool;
  readonly sealer: Sealer;
  readonly tokens: PlatformTokens;
  readonly log: Log;
}

/** The maker of changes by the program itself, such as in the demo network. */
const NOBODY: Maker = { madeBy: null, approvedBy: null, requestId: null, reason: '' };

/** Loads all platforms, and follows changes until `close`. */
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

  /**
   * Runs `work` in the caller's dbTransaction, or in a new one: a change of an operator and the
   * record of its maker are one commit.
   */
  function within<T>(client: DbClient | undefined, work: (db: DbClient) => Promise<T>): Promise<T> {
    return client === undefined ? dbTransaction(pool, work) : work(client);
  }

  /** Applies a change and returns the platform after it. */
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
      // The tags of a link that existed before are not known here; they are read when the link is
      // resolved.
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
    linkMembers: (wanted, maker, client) => linkMembers(client, wanted, maker),
    listOperatorLinks: (memberId) => selectOperatorLinks(pool, memberId),
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

/**
 * A new secret of 256 random bits. The text itself is the HMAC key, as in the source requirement.
 */
function newSecret(): string {
  return `sk_${randomBytes(32).toString('base64url')}`;
}
