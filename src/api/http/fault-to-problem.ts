// Turns an error of a request into the problem to answer. An error that is in no list is a defect
// of the program and becomes `internal_error`.

import type { FastifyError } from 'fastify';
import { ProblemError, type Problem } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { AssetMissing } from '../../valuation/valuation.ts';
import { isConflict, isDatabaseUnavailable, sqlState } from '../../runtime/database.ts';
import { apiProblems } from '../../http/problems.ts';
import { validationProblem, type MissingWords } from '../../http/validation.ts';

const QUERY_CANCELED = '57014';

const byCode: Readonly<Record<string, (detail?: string) => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: apiProblems.body_too_large,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: apiProblems.unsupported_media_type,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: apiProblems.malformed_request,
  FST_ERR_BAD_URL: apiProblems.malformed_url,
  FST_ERR_MAX_PARAM_LENGTH: apiProblems.malformed_url,
  FST_ERR_NOT_FOUND: apiProblems.not_found,
  // From Node's HTTP parser.
  HPE_HEADER_OVERFLOW: apiProblems.headers_too_large,
  ERR_HTTP_REQUEST_TIMEOUT: apiProblems.request_timeout,
  ECONNRESET: apiProblems.malformed_request,
};

/**
 * `missing` words the problem of a missing field, for operations that word it in their own way.
 * Defects are answered with 500 and without details.
 */
export function faultToProblem(fault: unknown, missing?: MissingWords): Problem {
  if (fault instanceof ProblemError) return fault.problem;
  if (!(fault instanceof Error)) return apiProblems.internal_error();
  const { code, validation, validationContext } = fault as Partial<FastifyError>;
  if (validation !== undefined)
    return validationProblem(
      validation,
      validationContext ?? 'body',
      validationContext === 'body' ? missing : undefined,
    );
  const known = code === undefined || isDatabaseUnavailable(fault) ? undefined : byCode[code];
  if (known !== undefined) return known();
  if (
    fault instanceof AssetMissing ||
    isDatabaseUnavailable(fault) ||
    isConflict(fault) ||
    sqlState(fault) === QUERY_CANCELED
  )
    return ledgerProblems.unavailable();
  return byStatus((fault as Partial<FastifyError>).statusCode) ?? apiProblems.internal_error();
}

/** Fastify and its plugins (static files) report a fault of the client by its status only. */
function byStatus(status: number | undefined): Problem | undefined {
  if (status === undefined || status < 400 || status >= 500) return undefined;
  return status === 403 || status === 404
    ? apiProblems.not_found()
    : apiProblems.malformed_request();
}
