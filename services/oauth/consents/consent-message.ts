import { create } from "@bufbuild/protobuf";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Consent as StoredConsent } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import { ConsentSchema, type Consent } from "#gen/koder/oauth/v1/consent_pb.ts";

/** A consent as its person sees it, with the name of the client. */
export function consentMessage(stored: StoredConsent, client: Client): Consent {
  return create(ConsentSchema, {
    userId: stored.userId,
    clientId: stored.clientId,
    clientName: client.clientName,
    granted: stored.granted.map(({ resource, scopes }) => ({ resource, scopes })),
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(stored.updateTime ? { updateTime: stored.updateTime } : {}),
  });
}
