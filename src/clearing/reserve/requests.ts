// Change control of reserves: one operator makes a request, another decides it; a lower cap takes
// one operator. Before this: the API or the CLI. After this: `carry-out.ts`.

import { randomUUID } from 'node:crypto';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { isNarrowerCap, type CapTerms } from './cap.ts';
import type { CarryOut, CarryOutParts } from './carry-out.ts';
import { describeRequest } from './events.ts';
import { reserveProblems } from './problems.ts';
import {
  decideRequest,
  insertNarrowing,
  insertRequest,
  selectRequest,
  selectRequests,
} from './store.ts';
import type {
  NewCapRequest,
  NewRequest,
  RequestDecision,
  RequestState,
  ReserveRequest,
} from './types.ts';

export interface ReserveRequests {
  make(request: NewRequest): Promise<Result<ReserveRequest>>;
  /**
   * Lowers a cap by the decision of one operator. Undefined, with nothing done, when the cap would
   * not be lower: that takes a request. In force when it returns, or soon after when the ledger
   * could not be reached. The request is open when the cap is no longer lower.
   */
  narrowCap(request: NewCapRequest): Promise<Result<ReserveRequest> | undefined>;
  /**
   * Carried out when it returns, or soon after when the ledger could not be reached. A request that
   * the ledger refuses stays open, with the refusal recorded.
   */
  approve(decision: RequestDecision): Promise<Result<ReserveRequest>>;
  reject(decision: RequestDecision): Promise<Result<ReserveRequest>>;
  /** By its maker, while it is open. */
  withdraw(decision: RequestDecision): Promise<Result<ReserveRequest>>;
  find(requestId: string): Promise<Result<ReserveRequest>>;
  /** Newest first. */
  list(
    of: { readonly platformId?: PlatformId; readonly state?: RequestState },
    limit: number,
  ): Promise<readonly ReserveRequest[]>;
}

const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createRequests(
  parts: Omit<CarryOutParts, 'ledger'>,
  { carryOut }: CarryOut,
  termsOf: (platformId: PlatformId) => Promise<CapTerms>,
): ReserveRequests {
  const { pool, clock, log } = parts;
  const find = async (requestId: string): Promise<Result<ReserveRequest>> => {
    const request = REQUEST_ID.test(requestId) ? await selectRequest(pool, requestId) : undefined;
    return request === undefined
      ? refuse(reserveProblems.reserve_request_not_found())
      : ok(request);
  };

  /** Carries out an approved request and returns the result. */
  const settle = async (approved: ReserveRequest): Promise<Result<ReserveRequest>> => {
    const { requestId, platformId } = approved;
    try {
      const problem = (await carryOut(platformId)).get(requestId);
      if (problem !== undefined) return refuse(problem);
    } catch (error) {
      // It is approved, whatever happens now; the loop retries it.
      log.error(
        { err: error, request_id: requestId, platform_id: platformId },
        'an approved request about a reserve is not carried out yet',
      );
      return ok(approved);
    }
    return find(requestId);
  };

  return {
    find,
    list: ({ platformId, state }, limit) => selectRequests(pool, platformId, state, limit),
    make: (wanted) =>
      dbTransaction(pool, async (client) => {
        const request = newRequest(wanted, new Date(clock.now()));
        if (!(await insertRequest(client, request)))
          return refuse(reserveProblems.payment_already_booked());
        await appendEvents(client, [describeRequest('reserve.request_made', request)], clock.now());
        return ok(request);
      }),
    narrowCap: async (wanted) => {
      if (!isNarrowerCap(wanted.wanted, await termsOf(wanted.platformId))) return undefined;
      const made = newRequest(wanted, new Date(clock.now()));
      const approved: ReserveRequest = {
        ...made,
        state: 'approved',
        decidedBy: made.madeBy,
        decidedAt: made.madeAt,
        narrows: true,
      };
      await dbTransaction(pool, async (client) => {
        await insertNarrowing(client, approved);
        const told = ['reserve.request_made', 'reserve.request_approved'].map((type) =>
          describeRequest(type, approved),
        );
        await appendEvents(client, told, clock.now());
      });
      return settle(approved);
    },
    approve: async (decision) => {
      const approved = await decide(parts, decision, 'approved');
      if (!approved.ok) return approved;
      const now = await settle(approved.value);
      // Another process may have carried it out, and the ledger refused it.
      return now.ok && now.value.state === 'open'
        ? refuse(
            reserveProblems.reserve_request_decided(
              `It was refused with ${now.value.refusedWith} and is open again.`,
            ),
          )
        : now;
    },
    reject: (decision) => decide(parts, decision, 'rejected'),
    withdraw: (decision) => decide(parts, decision, 'withdrawn'),
  };
}

function decide(
  { pool, clock }: Pick<CarryOutParts, 'pool' | 'clock'>,
  { requestId, operatorId, reason }: RequestDecision,
  state: Exclude<RequestState, 'open'>,
): Promise<Result<ReserveRequest>> {
  return dbTransaction(pool, async (client) => {
    const request = REQUEST_ID.test(requestId)
      ? await selectRequest(client, requestId, true)
      : undefined;
    if (request === undefined) return refuse(reserveProblems.reserve_request_not_found());
    if (request.state !== 'open')
      return refuse(reserveProblems.reserve_request_decided(`It is ${request.state}.`));
    if (state === 'withdrawn' && request.madeBy !== operatorId)
      return refuse(reserveProblems.not_your_request());
    if (state !== 'withdrawn' && request.madeBy === operatorId)
      return refuse(reserveProblems.checker_is_maker());
    const decided = {
      ...request,
      state,
      decidedBy: operatorId,
      decidedAt: new Date(clock.now()),
      decisionReason: reason ?? null,
    };
    await decideRequest(client, decided);
    await appendEvents(client, [describeRequest(`reserve.request_${state}`, decided)], clock.now());
    return ok(decided);
  });
}

function newRequest(
  { platformId, operatorId, reason, wanted }: NewRequest,
  madeAt: Date,
): ReserveRequest {
  return {
    requestId: randomUUID(),
    platformId,
    kind: wanted.kind,
    amount: 'amount' in wanted ? wanted.amount : null,
    basisPoints: 'basisPoints' in wanted ? wanted.basisPoints : null,
    bankReference: 'bankReference' in wanted ? wanted.bankReference : null,
    reason,
    state: 'open',
    madeBy: operatorId,
    madeAt,
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    carriedOutAt: null,
    transactionId: null,
    narrows: false,
    refusedWith: null,
  };
}
