import { create } from "@bufbuild/protobuf";
import {
  AuthorizationRedirectSchema,
  type AuthorizationRedirect,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { OAuthRefusal } from "../oauth-error.ts";

/** Where an answer goes, what of the request comes back with it, and the language of the page on which it may travel. */
export type AnswerAddress = Pick<AuthorizationRedirect, "redirectUri" | "responseMode" | "state" | "uiLocales">;

/** The error answer to a client whose redirect URI is proven good (RFC 6749 §4.1.2.1, RFC 9207 §2). */
export async function answerWithError(
  { tenants }: Pick<OauthDependencies, "tenants">,
  call: Call,
  { redirectUri, responseMode, state, uiLocales }: AnswerAddress,
  refusal: OAuthRefusal,
): Promise<AuthorizationRedirect> {
  const { canonicalOrigin: iss } = await tenants.get(call);
  return create(AuthorizationRedirectSchema, {
    redirectUri,
    responseMode,
    state,
    iss,
    error: refusal.toMessage(),
    uiLocales,
  });
}
