import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { scopesOfClaims } from "../claims/claims-of-scopes.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { keptClaims, writeClaims, type ClaimRequest, type ClaimsRequest } from "./claims-request.ts";

/** More than there are claims. */
const mostClaims = 100;

const refused = (what: string) => new OAuthRefusal("invalid_request", `claims ${what}`);

/**
 * The `claims` parameter (OpenID Connect Core §5.5): a JSON object whose members `userinfo` and `id_token` say for each claim
 * whether it is essential and which values it may have. Members that the standard does not know are passed over, as it says.
 */
export function checkClaims({ claims }: AuthorizationParameters): ClaimsRequest {
  if (claims === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(claims);
  } catch {
    throw refused("must be JSON");
  }
  const { userinfo, id_token: idToken } = objectOf(value, "must be a JSON object");
  const request = {
    ...(userinfo === undefined || userinfo === null ? {} : { userinfo: checkMember("userinfo", userinfo) }),
    ...(idToken === undefined || idToken === null ? {} : { id_token: checkMember("id_token", idToken) }),
  };
  // What is kept is written anew, and may be longer than what was sent (a short escape may not be ours).
  if (writeClaims(request).length > 16_384) throw refused("are too long");
  return request;
}

/**
 * What is left of them for a client: claims of a person are passed over where it may not have the scope that carries them, as that
 * scope would be. No claim is refused for being essential (OpenID Connect Core §5.5.1).
 */
export const claimsFor = ({ scopes }: Pick<Client, "scopes">, claims: ClaimsRequest): ClaimsRequest =>
  keptClaims(claims, (name) => scopesOfClaims([name]).every((scope) => scopes.includes(scope)));

function checkMember(name: string, value: unknown): Readonly<Record<string, ClaimRequest>> {
  const members = Object.entries(objectOf(value, `must have an object as ${name}`));
  if (members.length > mostClaims) throw refused(`ask for more than ${mostClaims} claims in ${name}`);
  return Object.fromEntries(members.map(([claim, asked]) => [claim, checkClaim(name, asked)]));
}

/** OpenID Connect Core §5.5.1: null, or what is asked of the claim. */
function checkClaim(name: string, asked: unknown): ClaimRequest {
  if (asked === null) return null;
  const { essential, value, values } = objectOf(asked, `must have null or an object for each claim of ${name}`);
  if (essential !== undefined && typeof essential !== "boolean") throw refused("must have true or false as essential");
  if (values !== undefined && !Array.isArray(values)) throw refused("must have an array as values");
  return {
    ...(essential === undefined ? {} : { essential }),
    ...(value === undefined ? {} : { value }),
    ...(values === undefined ? {} : { values: values as readonly unknown[] }),
  };
}

function objectOf(value: unknown, fault: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(fault);
  return value as Readonly<Record<string, unknown>>;
}
