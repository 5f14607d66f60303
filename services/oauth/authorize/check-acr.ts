import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { readClaims, valuesOf } from "./claims-request.ts";

/**
 * Where `acr` is an essential claim with values, the sign-in must have reached one of them, or has failed (OpenID Connect
 * Core §5.5.1.1). `acr_values` and a voluntary claim are wishes: the id token says what was reached.
 */
export function checkAcr({ claims }: { readonly claims: string }, session: Session): void {
  const asked = readClaims(claims).id_token?.["acr"];
  if (asked?.essential !== true) return;
  const values = valuesOf(asked);
  if (values !== undefined && !values.includes(session.acr)) {
    throw new OAuthRefusal("unmet_authentication_requirements", "no sign-in here reaches an acr that claims asks for");
  }
}
