// SQL of platforms, members, links and tags.

import type { MemberId, OwnerId, PlatformId } from '../kernel/ids.ts';
import type { Pool, Queryable } from '../runtime/database.ts';
import {
  NO_TAGS,
  type Custody,
  type Link,
  type OperatorLink,
  type Maker,
  type MemberLink,
  type PlatformState,
  type Signing,
  type Tagged,
  type TaggedMember,
} from './types.ts';

/** A row of `identity.platform`. */
export interface PlatformRow {
  readonly platform_id: PlatformId;
  readonly owner_id: OwnerId;
  readonly name: string;
  readonly custody: Custody;
  readonly state: PlatformState;
  readonly signing: Signing;
  readonly sealed_secret: Buffer;
  readonly sealed_former_secret: Buffer | null;
  readonly former_secret_until: Date | null;
  readonly token_version: number;
  readonly revision: bigint;
  readonly created_at: Date;
}

/**
 * A text that changes whenever any platform row changes: rows are only added, and each change adds
 * one to a revision.
 */
export async function readDirectoryVersion(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ version: string }>(
    `select count(*) || '/' || coalesce(sum(revision), 0) as version from identity.platform`,
  );
  return rows[0]?.version ?? '';
}

/** All platforms, by id. */
export async function selectPlatforms(pool: Pool): Promise<PlatformRow[]> {
  const { rows } = await pool.query<PlatformRow>(
    `select platform_id, owner_id, name, custody, state, signing, sealed_secret,
        sealed_former_secret, former_secret_until, token_version, revision, created_at
       from identity.platform order by platform_id`,
  );
  return rows;
}

/** Returns false when the platform exists already. */
export async function insertPlatform(
  pool: Pool,
  row: Pick<PlatformRow, 'platform_id' | 'owner_id' | 'name' | 'custody' | 'sealed_secret'>,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into identity.platform (platform_id, owner_id, name, custody, sealed_secret)
        values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [row.platform_id, row.owner_id, row.name, row.custody, row.sealed_secret],
  );
  return rowCount === 1;
}

/** Changes the given fields. Undefined when the platform does not exist. */
export async function changePlatform(
  db: Queryable,
  platformId: PlatformId,
  change: {
    readonly sealedSecret?: Buffer;
    readonly formerUntil?: Date | null;
    readonly state?: PlatformState;
    readonly signing?: Signing;
    readonly revokeTokens?: boolean;
  },
): Promise<{ readonly tokenVersion: number } | undefined> {
  const { rows } = await db.query<{ token_version: number }>(
    `update identity.platform
        set sealed_former_secret = case when $2::bytea is null then sealed_former_secret
          when $5::timestamptz is null then null else sealed_secret end,
            former_secret_until = case when $2::bytea is null then former_secret_until else $5 end,
            sealed_secret = coalesce($2, sealed_secret), state = coalesce($3, state),
              signing = coalesce($6, signing),
            token_version = token_version + $4::integer, revision = revision + 1
      where platform_id = $1
      returning token_version`,
    [
      platformId,
      change.sealedSecret ?? null,
      change.state ?? null,
      change.revokeTokens === true ? 1 : 0,
      change.formerUntil ?? null,
      change.signing ?? null,
    ],
  );
  return rows[0] === undefined ? undefined : { tokenVersion: rows[0].token_version };
}

interface LinkRow {
  readonly platform_id: PlatformId;
  readonly platform_user_id: string;
  readonly member_id: MemberId;
  readonly tags: readonly string[];
  readonly created_at: Date;
}

interface TaggedRow {
  readonly tags: readonly string[];
  readonly tags_version: number;
}

/** Microseconds since 1970 are exact in a double until the year 2255. */
const TAGS_VERSION = `coalesce(extract(epoch from tags_changed_at) * 1000000, 0)::float8 as tags_version`;

/** Members and tags of many (platform, user) pairs in one statement. Unknown pairs are left out. */
export async function selectMembers(
  pool: Pool,
  platformIds: readonly string[],
  userIds: readonly string[],
): Promise<{ index: number; memberId: MemberId; tagged: Tagged }[]> {
  const { rows } = await pool.query<TaggedRow & { index: number; member_id: MemberId }>({
    name: 'identity.selectMembers',
    text: `select k.index::integer as index, l.member_id, l.tags, l.tags_version
             from unnest($1::text[], $2::text[]) with ordinality as k (platform_id,
               platform_user_id, index)
             cross join lateral (select member_id, tags, ${TAGS_VERSION} from identity.link
               where platform_id = k.platform_id and platform_user_id = k.platform_user_id
                 limit 1) l`,
    values: [platformIds, userIds],
  });
  return rows.map((row) => ({
    index: row.index - 1,
    memberId: row.member_id,
    tagged: toTagged(row),
  }));
}

/**
 * The platform's own user ids of many (platform, member) pairs in one statement. Pairs without a
 * link are left out.
 */
export async function selectUsers(
  pool: Pool,
  platformIds: readonly string[],
  memberIds: readonly string[],
): Promise<{ index: number; userId: string }[]> {
  const { rows } = await pool.query<{ index: number; platform_user_id: string }>({
    name: 'identity.selectUsers',
    text: `select k.index::integer as index, l.platform_user_id
             from unnest($1::text[], $2::uuid[]) with ordinality as k (platform_id, member_id,
               index)
             cross join lateral (select platform_user_id from identity.link
               where platform_id = k.platform_id and member_id = k.member_id limit 1) l`,
    values: [platformIds, memberIds],
  });
  return rows.map((row) => ({ index: row.index - 1, userId: row.platform_user_id }));
}

/**
 * Replaces all tags of a link; undefined when there is no link. The new time is taken while the row
 * is locked and is always later than the one before. Setting the same tags again is not a change.
 */
export async function changeTags(
  pool: Pool,
  platformId: PlatformId,
  userId: string,
  tags: readonly string[],
): Promise<(Tagged & { memberId: MemberId }) | undefined> {
  const { rows } = await pool.query<TaggedRow & { member_id: MemberId }>(
    `update identity.link
        set tags = $3,
            tags_changed_at = case when tags = $3 then tags_changed_at
                                   else greatest(clock_timestamp(),
                                     tags_changed_at + interval '1 microsecond') end
      where platform_id = $1 and platform_user_id = $2 returning member_id, tags, ${TAGS_VERSION}`,
    [platformId, userId, tags],
  );
  return rows[0] === undefined ? undefined : { memberId: rows[0].member_id, ...toTagged(rows[0]) };
}

/** The database's time as text, which keeps microseconds. */
export async function readDatabaseTime(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ now: string }>('select now()::text as now');
  return rows[0]?.now ?? '';
}

/** The result of `selectChangedTags`. */
export interface ChangedTags {
  /** The database's time of this statement. */
  readonly askedAt: string;
  readonly links: readonly {
    readonly platformId: PlatformId;
    readonly userId: string;
    readonly tagged: Tagged;
  }[];
}

/** All tags that were set after a time of the database's clock, less `lookBackSeconds`. */
export async function selectChangedTags(
  pool: Pool,
  sinceTime: string,
  lookBackSeconds: number,
): Promise<ChangedTags> {
  const { rows } = await pool.query<
    TaggedRow & { now: string; platform_id: PlatformId | null; platform_user_id: string }
  >(
    `select n.now::text, platform_id, platform_user_id, tags, ${TAGS_VERSION}
       from (select now() as now) n
       left join identity.link on tags_changed_at > $1::timestamptz - make_interval(secs => $2)`,
    [sinceTime, lookBackSeconds],
  );
  return {
    askedAt: rows[0]?.now ?? sinceTime,
    links: rows.flatMap((row) =>
      row.platform_id === null
        ? []
        : [{ platformId: row.platform_id, userId: row.platform_user_id, tagged: toTagged(row) }],
    ),
  };
}

/** All links with tags, of one platform or of all. */
export async function selectTaggedMembers(
  pool: Pool,
  platformId: PlatformId | undefined,
): Promise<TaggedMember[]> {
  const { rows } = await pool.query<Pick<LinkRow, 'platform_id' | 'member_id' | 'tags'>>(
    `select platform_id, member_id, tags from identity.link
      where tags_changed_at is not null and tags <> '{}' and ($1::text is null or platform_id = $1)
      order by platform_id, platform_user_id`,
    [platformId ?? null],
  );
  return rows.map((row) => ({
    platformId: row.platform_id,
    memberId: row.member_id,
    tags: row.tags,
  }));
}

function toTagged(row: TaggedRow): Tagged {
  return { tags: row.tags.length === 0 ? NO_TAGS : row.tags, tagsVersion: row.tags_version };
}

/** The link of a user. */
export async function selectLink(
  pool: Pool,
  platformId: PlatformId,
  userId: string,
): Promise<Link | undefined> {
  const { rows } = await pool.query<LinkRow>(
    `select platform_id, platform_user_id, member_id, tags, created_at from identity.link
        where platform_id = $1 and platform_user_id = $2`,
    [platformId, userId],
  );
  return rows[0] === undefined ? undefined : toLink(rows[0]);
}

/** All links of a member, by platform. */
export async function selectLinksOf(pool: Pool, memberId: MemberId): Promise<Link[]> {
  const { rows } = await pool.query<LinkRow>(
    `select platform_id, platform_user_id, member_id, tags, created_at from identity.link
        where member_id = $1 order by platform_id`,
    [memberId],
  );
  return rows.map(toLink);
}

/** True when the member exists. */
export async function memberExists(pool: Pool, memberId: MemberId): Promise<boolean> {
  const { rowCount } = await pool.query('select from identity.member where member_id = $1', [
    memberId,
  ]);
  return rowCount === 1;
}

/**
 * Adds members and their links on one platform, except those that collide with an existing link.
 * Returns the users that were linked. It is one statement: foreign keys are checked at its end, so
 * a member and its first link can be inserted together.
 */
export async function insertLinks(
  pool: Pool,
  platformId: PlatformId,
  userIds: readonly string[],
  memberIds: readonly MemberId[],
): Promise<Set<string>> {
  const { rows } = await pool.query<{ platform_user_id: string }>(
    `with pair as (select * from unnest($2::text[], $3::uuid[]) as p (platform_user_id, member_id)),
          member as (insert into identity.member (member_id) select distinct member_id from pair
            order by 1 on conflict do nothing)
     insert into identity.link (platform_id, platform_user_id, member_id)
     select $1, platform_user_id, member_id from pair order by platform_user_id
     on conflict do nothing returning platform_user_id`,
    [platformId, userIds, memberIds],
  );
  return new Set(rows.map((row) => row.platform_user_id));
}

/** What exists already around a wanted link. */
export interface LinkFacts {
  readonly platformKnown: boolean;
  readonly memberKnown: boolean;
  /** The member that the user is linked to. */
  readonly linkedTo: string | null;
  /** The user that the member has on that platform. */
  readonly userThere: string | null;
}

/** One for each link, in the order of the links. */
export async function selectLinkFacts(
  db: Queryable,
  links: readonly MemberLink[],
): Promise<LinkFacts[]> {
  const { rows } = await db.query<LinkFacts>(
    `select p.platform_id is not null as "platformKnown", m.member_id is not null as "memberKnown",
        u.member_id as "linkedTo", t.platform_user_id as "userThere"
       from unnest($1::text[], $2::text[], $3::uuid[]) with ordinality as k (platform_id,
         platform_user_id, member_id, index)
       left join identity.platform p on p.platform_id = k.platform_id
       left join identity.member m on m.member_id = k.member_id
       left join identity.link u on u.platform_id = k.platform_id
         and u.platform_user_id = k.platform_user_id
       left join identity.link t on t.platform_id = k.platform_id and t.member_id = k.member_id
      order by k.index`,
    columnsOf(links),
  );
  return rows;
}

/** Links users to existing members; returns how many links are new. */
export async function insertMemberLinks(
  db: Queryable,
  links: readonly MemberLink[],
): Promise<number> {
  const { rowCount } = await db.query(
    `insert into identity.link (platform_id, platform_user_id, member_id)
     select * from unnest($1::text[], $2::text[], $3::uuid[]) as k (platform_id, platform_user_id,
       member_id) order by 1, 2 on conflict do nothing`,
    columnsOf(links),
  );
  return rowCount ?? 0;
}

/** Records who asked for these links, who approved them and why. */
export async function noteMemberLinks(
  db: Queryable,
  links: readonly MemberLink[],
  { madeBy, approvedBy, requestId, reason }: Maker,
): Promise<void> {
  await db.query(
    `insert into identity.member_link (platform_id, platform_user_id, member_id, made_by,
        approved_by, request_id, reason)
     select k.*, $4, $5, $6, $7
       from unnest($1::text[], $2::text[], $3::uuid[]) as k (platform_id, platform_user_id,
       member_id)`,
    [...columnsOf(links), madeBy, approvedBy, requestId, reason],
  );
}

function columnsOf(links: readonly MemberLink[]): [string[], string[], string[]] {
  return [
    links.map(({ platformId }) => platformId),
    links.map(({ platformUserId }) => platformUserId),
    links.map(({ memberId }) => memberId),
  ];
}

interface OperatorLinkRow {
  readonly platform_id: PlatformId;
  readonly platform_user_id: string;
  readonly made_by: string;
  readonly approved_by: string | null;
  readonly request_id: string | null;
  readonly reason: string;
  readonly linked_at: Date;
}

/** Which operators linked users of a member to it. */
export async function selectOperatorLinks(
  db: Queryable,
  memberId: MemberId,
): Promise<OperatorLink[]> {
  const { rows } = await db.query<OperatorLinkRow>(
    `select platform_id, platform_user_id, made_by, approved_by, request_id, reason, linked_at
        from identity.member_link where member_id = $1 order by platform_id`,
    [memberId],
  );
  return rows.map((row) => ({
    platformId: row.platform_id,
    platformUserId: row.platform_user_id,
    madeBy: row.made_by,
    approvedBy: row.approved_by,
    requestId: row.request_id,
    reason: row.reason,
    linkedAtMs: row.linked_at.getTime(),
  }));
}

function toLink(row: LinkRow): Link {
  return {
    platformId: row.platform_id,
    platformUserId: row.platform_user_id,
    memberId: row.member_id,
    tags: row.tags,
    createdAtMs: row.created_at.getTime(),
  };
}
