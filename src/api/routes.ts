// Every route of the API in one of three tables: what a platform calls, what an operator calls, and
// what is open. A row says who may call it, with which scope or role, and as which acts, whose rows
// (src/acts/table.ts) say how many persons they take.
//
// In force today: a platform proves itself by token and signature and may call all of the first
// table; an operator who is not suspended may call all of the second; acts of two persons wait for
// the second one. Scopes and roles are those that a token or an operator will need once there are
// such; nothing asks for them yet.

import type { OpenRow, OperatorRow, PlatformRow, Role } from './access.ts';
import { getOpenApi } from './open/get-open-api.ts';
import { getProblem } from './open/get-problem.ts';
import { health } from './open/health.ts';
import { listProblems } from './open/list-problems.ts';
import { live } from './open/live.ts';
import { metrics } from './open/metrics.ts';
import { ready } from './open/ready.ts';
import { getWindow } from './operator/get-window.ts';
import { listConnections } from './operator/list-connections.ts';
import { listWindows } from './operator/list-windows.ts';
import { removeConnection } from './operator/remove-connection.ts';
import { setConnection } from './operator/set-connection.ts';
import { whoami } from './operator/whoami.ts';
import { capture } from './platform/capture.ts';
import { earn } from './platform/earn.ts';
import { getDispute } from './platform/get-dispute.ts';
import { listDisputes } from './platform/list-disputes.ts';
import { hold } from './platform/hold.ts';
import { openDispute } from './platform/open-dispute.ts';
import { redeem } from './platform/redeem.ts';
import { release } from './platform/release.ts';
import { reverse } from './platform/reverse.ts';
import { transfer } from './platform/transfer.ts';

/** By token and signature. */
export const platformRoutes: readonly PlatformRow[] = [
  { route: earn, scope: 'points:write' },
  { route: transfer, scope: 'points:transfer' },
  { route: redeem, scope: 'points:redeem' },
  { route: hold, scope: 'points:write' },
  { route: capture, scope: 'points:write' },
  { route: release, scope: 'points:write' },
  { route: reverse, scope: 'points:write' },
  { route: openDispute, scope: 'disputes:write' },
  { route: listDisputes, scope: 'disputes:read' },
  { route: getDispute, scope: 'disputes:read' },
];

const ANY: readonly Role[] = ['operator', 'approver', 'auditor', 'support'];
const READ: readonly Role[] = ['operator', 'approver', 'auditor'];
const ACT: readonly Role[] = ['operator'];

/** By an operator's token. */
export const operatorRoutes: readonly OperatorRow[] = [
  { route: whoami, roles: ANY },
  { route: listConnections, roles: READ },
  { route: setConnection, roles: ACT, acts: ['connection_set'] },
  { route: removeConnection, roles: ACT, acts: ['connection_remove'] },
  { route: listWindows, roles: READ },
  { route: getWindow, roles: READ },
];

/** Without the guards of a side. */
export const openRoutes: readonly OpenRow[] = [
  { route: health, callers: 'anybody' },
  { route: live, callers: 'anybody' },
  { route: ready, callers: 'anybody' },
  { route: metrics, callers: 'reader' },
  { route: listProblems, callers: 'anybody' },
  { route: getProblem, callers: 'anybody' },
  { route: getOpenApi, callers: 'anybody' },
];
