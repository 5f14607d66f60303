import type { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { AuthorizationRedirect } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { authorizations, pushedRequests } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { answerWithError } from "./answer-with-error.ts";
import { authorizationGone } from "./pending-authorization.ts";

/** Attempts at a commit that others race for: the person goes on with the request in another window. */
const attempts = 16;

/**
 * Tells the client that its person refused (RFC 6749 §4.1.2.1), `description` why. That is the request's answer: what waits and the
 * pushed request that it came of (RFC 9126 §4) are over with one commit before it, so that no form that is still open takes the
 * refusal back. Throws AUTHORIZATION_NOT_FOUND where it was over before.
 */
export async function answerWithRefusal(
  dependencies: Pick<OauthDependencies, "store" | "tenants">,
  call: Call,
  pending: Stored<typeof AuthorizationSchema>,
  description: string,
): Promise<AuthorizationRedirect> {
  const { idHash, pushedIdHash } = pending.record;
  const data = dependencies.store.tenant(call.tenantId);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [waiting, pushed] = await Promise.all([
      data.get(authorizations, idHash),
      pushedIdHash === "" ? undefined : data.get(pushedRequests, pushedIdHash),
    ]);
    if (waiting === undefined) throw authorizationGone();
    // Another window had the answer to the pushed request.
    const isUsed = pushedIdHash !== "" && pushed === undefined;
    const writes = [remove(authorizations, waiting), ...(pushed === undefined ? [] : [remove(pushedRequests, pushed)])];
    if (!(await commitUnlessChanged(data, writes))) continue;
    if (isUsed) throw authorizationGone();
    const refusal = new OAuthRefusal("access_denied", description);
    return answerWithError(dependencies, call, pending.record, refusal);
  }
  throw failure(ErrorReason.CONFLICT, "the request is being gone on with by too many others at once");
}
