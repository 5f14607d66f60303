import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { valuesOf, type ClaimsRequest } from "./claims-request.ts";

/** More than anybody asks for. */
const mostValues = 64;
/** Longer than any name of a class; one that nobody knows is passed over as one that nobody has (OpenID Connect Core §3.1.2.1). */
const longestValue = 1_024;

/**
 * The authentication context classes that a request asks for: as a claim (OpenID Connect Core §5.5.1.1), by `acr_values`
 * (§3.1.2.1), or else as its client registered (`default_acr_values`). The claim goes before the parameter, because it says
 * more.
 */
export function askedAcrValues(
  { defaultAcrValues }: Pick<Client, "defaultAcrValues">,
  { acrValues }: Pick<AuthorizationParameters, "acrValues">,
  claims: ClaimsRequest,
): readonly string[] {
  const claimed = valuesOf(claims.id_token?.["acr"])?.filter((value) => typeof value === "string");
  const sent = acrValues.split(" ").filter((value) => value !== "");
  const asked = claimed ?? (sent.length > 0 ? sent : defaultAcrValues);
  return asked.filter(({ length }) => length <= longestValue).slice(0, mostValues);
}
