import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { RefreshPolicySchema } from "#gen/koder/session/v1/grant_internal_pb.ts";

/** How long a client's refresh tokens live. A record that is older than the settings leaves it to the session service. */
export const refreshPolicyOf = (client: Client): MessageInitShape<typeof RefreshPolicySchema> => ({
  ...(client.refreshTokenOverlap ? { overlapMs: millisecondsOf(client.refreshTokenOverlap) } : {}),
  ...(client.refreshTokenIdleLifetime ? { idleLifetimeMs: millisecondsOf(client.refreshTokenIdleLifetime) } : {}),
  ...(client.refreshTokenAbsoluteLifetime
    ? { absoluteLifetimeMs: millisecondsOf(client.refreshTokenAbsoluteLifetime) }
    : {}),
});

const millisecondsOf = (duration: Duration): bigint => BigInt(durationMs(duration));
