import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { RefreshPolicySchema } from "#gen/koder/session/v1/grant_internal_pb.ts";

/** How long a client's refresh tokens live. A record that is older than the settings leaves it to the session service. */
export const refreshPolicyOf = (client: Client): MessageInitShape<typeof RefreshPolicySchema> => ({
  ...(client.refreshTokenOverlap ? { overlap: client.refreshTokenOverlap } : {}),
  ...(client.refreshTokenIdleLifetime ? { idleLifetime: client.refreshTokenIdleLifetime } : {}),
  ...(client.refreshTokenAbsoluteLifetime ? { absoluteLifetime: client.refreshTokenAbsoluteLifetime } : {}),
});
