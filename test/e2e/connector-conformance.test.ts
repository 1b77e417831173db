// The conformance suite passes on a platform that does what it should, and names the check for
// whatever a platform does wrong.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { testConnector } from '../../src/connections/connections.ts';
import { defects, startBrokenConnector, type DefectName } from '../fixtures/broken-connector.ts';
import { startSandbox, type RunningSandbox } from '../fixtures/sandbox.ts';

/** Each defect, and every check that must find it. Other checks may stumble over it too. */
const FOUND_BY: { readonly [Name in DefectName]: readonly string[] } = {
  no_token_check: [
    'token_missing_get',
    'token_missing_post',
    'token_wrong_get',
    'token_wrong_post',
  ],
  no_signature_check: [
    'signature_missing_get',
    'signature_missing_post',
    'signature_wrong_get',
    'signature_wrong_post',
    'signature_covers_path_get',
    'signature_covers_path_post',
    'signature_covers_method_get',
    'signature_covers_method_post',
    'signature_covers_body_post',
    'timestamp_old_get',
    'timestamp_old_post',
    'timestamp_future_get',
    'timestamp_future_post',
    'platform_other_get',
    'platform_other_post',
  ],
  no_time_check: [
    'timestamp_old_get',
    'timestamp_old_post',
    'timestamp_future_get',
    'timestamp_future_post',
  ],
  not_idempotent: ['deduct_repeated', 'add_repeated', 'deduct_at_once', 'add_at_once'],
  not_idempotent_at_once: ['deduct_at_once', 'add_at_once'],
  answers_differ: [
    'deduct_repeated',
    'add_repeated',
    'deduct_at_once',
    'add_at_once',
    'reverse_deduct_repeated',
    'reverse_add_repeated',
  ],
  ignores_other_body: ['deduct_other_body', 'add_other_body'],
  rounds_to_whole_points: [
    'deduct_once',
    'add_once',
    'decimals_exact',
    'amounts_refused',
    'lookup_applied',
  ],
  counts_in_floats: ['decimals_exact', 'amounts_refused'],
  takes_what_is_there: ['insufficient_balance', 'left_as_found'],
  refuses_with_500: ['insufficient_balance'],
  changes_its_mind: ['refusal_is_final'],
  reverses_twice: ['reverse_deduct_repeated', 'reverse_add_repeated'],
  reverses_nothing: ['reverse_deduct', 'reverse_add', 'reverse_other_body', 'left_as_found'],
  no_tombstone: ['reverse_before_deduct', 'reverse_before_add', 'lookup_reversed'],
  forgets_what_it_reversed: ['reversed_deduct_repeated', 'reversed_add_repeated'],
  total_stands_still: ['total_points_follow'],
  statement_skips_a_row: ['statement_once_in_order', 'statement_cursor'],
  statement_in_disorder: ['statement_once_in_order', 'statement_cursor'],
  statement_repeats: ['statement_cursor'],
  lookup_forgets_refusals: ['lookup_refused'],
  lookup_ignores_reversals: ['lookup_reversed'],
  lookup_404_without_state: ['lookup_unknown'],
  hides_users: ['user_known'],
  strict_clock: ['timestamp_tolerated'],
  keeps_the_last_point: ['whole_balance'],
  welcomes_strangers: ['unknown_user'],
  reverses_only_what_moved: ['reverse_refused'],
  health_behind_the_door: ['health'],
};

let folder: string;
let sandbox: RunningSandbox;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pontis-conformance-'));
  sandbox = await startSandbox(
    folder,
    Object.fromEntries([...Object.keys(defects), 'ann'].map((userId) => [userId, '12.34'])),
  );
});
afterAll(async () => {
  await sandbox?.program.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function failing(name: DefectName): Promise<string[]> {
  const broken = await startBrokenConnector(sandbox.target, name);
  try {
    const { ok, checks } = await testConnector(broken.target, { userId: name });
    const failed = checks.filter(({ state }) => state === 'failed');
    expect(
      failed.every(({ complaints }) =>
        complaints.every((sentence) => /^[A-Z].*\.$/s.test(sentence)),
      ),
    ).toBe(true);
    expect(ok).toBe(false);
    return failed.map((check) => check.name);
  } finally {
    await broken.close();
  }
}

describe('the conformance suite', () => {
  it('passes on the sandbox, whatever the user has, and leaves it as it was', async () => {
    for (const userId of ['ann', 'ann']) {
      const { ok, checks } = await testConnector(sandbox.target, { userId });
      expect(checks.filter(({ state }) => state !== 'passed')).toEqual([]);
      expect(ok).toBe(true);
    }
  });

  it('passes through duplicate deliveries', async () => {
    await sandbox.setFaults({ duplicate_delivery: 1 });
    const { checks } = await testConnector(sandbox.target, { userId: 'ann' });
    await sandbox.setFaults({});
    expect(checks.filter(({ state }) => state !== 'passed')).toEqual([]);
  });

  it.each(Object.keys(defects) as DefectName[])('names the checks that find %s', async (name) => {
    expect(await failing(name)).toEqual(expect.arrayContaining([...FOUND_BY[name]]));
  });

  it('makes every check fail for some defect', async () => {
    const { checks } = await testConnector(sandbox.target, { userId: 'ann' });
    const found = new Set(Object.values(FOUND_BY).flat());
    expect(checks.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
  });

  it('tests without a user what moves nothing, and says what it left out', async () => {
    const { ok, checks } = await testConnector(sandbox.target);
    expect(ok).toBe(true);
    expect(checks.find(({ name }) => name === 'signature_wrong_get')?.state).toBe('passed');
    expect(checks.find(({ name }) => name === 'deduct_once')).toMatchObject({
      state: 'skipped',
      complaints: [expect.stringContaining('--user')],
    });
  });

  it('says so when the user is not known or nobody answers', async () => {
    const stranger = await testConnector(sandbox.target, { userId: 'nobody' });
    expect(
      stranger.checks.filter(({ state }) => state === 'failed').map(({ name }) => name),
    ).toEqual(['user_known']);
    const silent = await testConnector(
      { ...sandbox.target, url: 'http://127.0.0.1:45999' },
      { userId: 'ann' },
    );
    expect(silent.checks.filter(({ state }) => state === 'failed')).toMatchObject([
      { name: 'health', complaints: [expect.stringContaining('cannot be reached')] },
    ]);
  });
});
