import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AuthorizationParametersSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { duplicatesOf, type Form } from "./form.ts";

/** The parameters of an authorization request, by their names. */
export const authorizationParameters = (form: Form): MessageInitShape<typeof AuthorizationParametersSchema> => ({
  responseType: form.get("response_type"),
  clientId: form.get("client_id"),
  redirectUri: form.get("redirect_uri"),
  scope: form.get("scope"),
  state: form.get("state"),
  responseMode: form.get("response_mode"),
  nonce: form.get("nonce"),
  codeChallenge: form.get("code_challenge"),
  codeChallengeMethod: form.get("code_challenge_method"),
  prompt: form.get("prompt"),
  maxAge: form.get("max_age"),
  loginHint: form.get("login_hint"),
  uiLocales: form.get("ui_locales"),
  hasRequest: form.get("request") !== "",
  requestUri: form.get("request_uri"),
  acrValues: form.get("acr_values"),
  claims: form.get("claims"),
  claimsLocales: form.get("claims_locales"),
  display: form.get("display"),
  idTokenHint: form.get("id_token_hint"),
  resources: form.getAll("resource"),
  dpopJkt: form.get("dpop_jkt"),
  hasRegistration: form.get("registration") !== "",
  duplicateParameters: duplicatesOf(form),
});
