import type { GetAuthorizationResponse } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { logoPath } from "./client-logo.ts";
import { letterOf } from "./shown-account.ts";

/** Who asks, as a page shows it. */
export const shownClient = (shown: GetAuthorizationResponse) => ({
  name: shown.clientName || shown.clientId,
  letter: letterOf(shown.clientName || shown.clientId),
  logo: logoPath(shown.clientId, shown.logoVersion),
  policyUri: shown.policyUri,
  tosUri: shown.tosUri,
});
