// The advice of a problem for the person at a terminal: it names the command that does what a route
// of the API does.

/** The longest comes first, because one route may be the beginning of another. */
const COMMANDS: readonly (readonly [route: string, command: string])[] = [
  ['GET /operator/rulebook/history', 'pontis rules history'],
  ['GET /operator/proposals', 'pontis rules proposals'],
  ['PUT /operator/connections/{platform_id} or `pontis connector set`', '`pontis connector set`'],
  ['GET /operator/windows/{window_id}', 'pontis windows show'],
  ['GET /operator/windows', 'pontis windows list'],
  ['GET /operator/reserves/{platform_id}', 'pontis reserve show'],
  ['GET /operator/requests/{request_id}', 'pontis requests show'],
  ['GET /operator/breaks', 'pontis reconcile breaks'],
  ['GET /api/webhooks', 'pontis webhooks list'],
];

/** Routes that only platforms call stay as they are. */
export function adviceForTerminal(detail: string): string {
  return COMMANDS.reduce((text, [route, command]) => text.replaceAll(route, command), detail);
}
