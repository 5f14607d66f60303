import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import {
  RevokeConsentResponseSchema,
  type RevokeConsentRequest,
  type RevokeConsentResponse,
} from "#gen/koder/oauth/v1/consent_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { clientNotFound } from "../clients/client-not-found.ts";
import { consents } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { userOf } from "../../host/user-of.ts";
import { voidWhatConsentGave } from "./void-what-consent-gave.ts";

/** Attempts at a commit that others race for: the person agrees, or takes it back elsewhere, at the same moment. */
const attempts = 16;

/**
 * Takes a consent back: first its scopes, so that the client gets nothing new without asking, then what was given by it, then
 * the answer. After a crash between the two, `finishRevocation` voids what was given, and so does a repeat, which takes back
 * what was given since.
 */
export function revokeConsent(dependencies: OauthDependencies) {
  const { store, clock, clients } = dependencies;
  return async (request: RevokeConsentRequest, context: HandlerContext): Promise<RevokeConsentResponse> => {
    const call = callOf(context);
    const { clientId } = request;
    const userId = userOf(call, request);
    if ((await clients.get(call, clientId)) === undefined) throw clientNotFound(clientId);
    const version = await takeBack({ store, clock }, call, { userId, clientId });
    await voidWhatConsentGave(dependencies, call, { userId, clientId, version });
    return create(RevokeConsentResponseSchema, {});
  };
}

/** Empties the consent, and answers its version from then on. A client that needs none has one from here on, an empty one. */
async function takeBack(
  { store, clock }: Pick<OauthDependencies, "store" | "clock">,
  call: Call,
  { userId, clientId }: { readonly userId: string; readonly clientId: string },
): Promise<number> {
  const data = store.tenant(call.tenantId);
  const record = create(ConsentSchema, { userId, clientId });
  const id = consents.id(record);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await data.get(consents, id);
    const version = (before?.version ?? 0) + 1;
    const revoked = eventOf(
      call,
      clock(),
      { type: "consent", id, version },
      { case: "consentRevoked", value: { $typeName: "koder.events.v1.ConsentRevoked", clientId, userId } },
    );
    try {
      await data.commit([before ? replace(consents, record, before.version) : insert(consents, record)], [revoked]);
      return version;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
  throw failure(ErrorReason.CONFLICT, "the consent is being changed by too many others at once");
}
