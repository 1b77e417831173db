// The address of a connected platform, as operators see it: never with the token that it issued.

import { type Static, Type } from 'typebox';
import { formatMoment } from '../kernel/time.ts';
import type { Connection } from '../connections/connections.ts';
import type { Platform } from '../identity/identity.ts';

/** The address of a connected platform. */
export const ConnectionView = Type.Object({
  platform_id: Type.String(),
  url: Type.Union([Type.String(), Type.Null()], {
    description:
      'Base URL; null while no connection is registered and the platform cannot be called.',
  }),
  changed_by: Type.Optional(
    Type.String({ description: 'The operator, or `onboarding` or `sandbox`.' }),
  ),
  changed_at: Type.Optional(Type.String({ description: 'RFC 3339.' })),
});
/** Shows a connection without its token; `url` is null when there is none. */
export function describeConnection(
  { platformId }: Pick<Platform, 'platformId'>,
  connection: Connection | undefined,
): Static<typeof ConnectionView> {
  if (connection === undefined) return { platform_id: platformId, url: null };
  return {
    platform_id: platformId,
    url: connection.url,
    changed_by: connection.changedBy,
    changed_at: formatMoment(connection.changedAtMs),
  };
}
