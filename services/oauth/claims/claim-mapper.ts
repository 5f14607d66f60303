import { create, type JsonValue } from "@bufbuild/protobuf";
import {
  ClaimMapperSchema as StoredClaimMapperSchema,
  type ClaimMapper as StoredClaimMapper,
} from "#gen/koder/oauth/store/v1/claim_mapper_pb.ts";
import { ClaimMapperSchema, type ClaimMapper } from "#gen/koder/oauth/v1/claim_mapper_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { userClaimNames, type ClaimValue } from "./user-claims.ts";

/**
 * Names that no mapper may use: what they hold is for others to say (RFC 7519 §4.1, OpenID Connect Core §2 and §5.1, RFC 9068
 * §2.2, RFC 7662 §2.2, RFC 8693 §4, RFC 9396 §9, RFC 7800, Back-Channel Logout §2.4), or is our own.
 */
const reserved: ReadonlySet<string> = new Set([
  ...userClaimNames,
  ..."iss sub aud exp nbf iat jti azp nonce auth_time at_hash c_hash s_hash acr amr sid".split(" "),
  ..."client_id scope roles groups entitlements active token_type username act may_act cnf events".split(" "),
  ..."sub_jwk authorization_details claims _claim_names _claim_sources tenant_id gid epoch first_party".split(" "),
]);

/** What is wrong with mappers, where `field` names their list. */
export function claimMapperFaults(mappers: readonly ClaimMapper[], field: string): FieldViolation[] {
  return mappers.flatMap((mapper, index) => {
    const faults: FieldViolation[] = [];
    const wrong = (name: string, description: string): void =>
      void faults.push({ field: `${field}[${index}].${name}`, description });
    if (reserved.has(mapper.claim)) wrong("claim", `must not be ${mapper.claim}, which has a meaning of its own`);
    const same = mappers.findIndex(({ claim, scope }) => claim === mapper.claim && scope === mapper.scope);
    if (same < index) wrong("claim", "must not be there twice for one scope");
    if (!mapper.inIdToken && !mapper.inAccessToken && !mapper.inUserinfo) {
      wrong("in_id_token", "must be set, or in_access_token, or in_userinfo");
    }
    if (mapper.source.case === "constantJson" && parseConstant(mapper.source.value) === undefined) {
      wrong(
        "constant_json",
        `must be JSON of finite numbers and well-formed text, nested at most ${deepest} deep: not null, and no empty text, list or object`,
      );
    }
    return faults;
  });
}

/** How many lists and objects of a constant may lie in each other: messages between services bear somewhat more. */
const deepest = 16;

/** A constant that can be a claim; undefined for anything else: no claim is null or empty, and each is the same wherever it goes. */
export function parseConstant(text: string): ClaimValue | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isKept(value, deepest) ? claimOf(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value comes out of JSON and UTF-8 as it went in, and lies at most so deep. JSON.parse takes 1e400 for infinite, which is then null. */
function isKept(value: JsonValue, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  const names = Array.isArray(value) ? [] : Object.keys(value);
  return (
    depth > 0 &&
    names.every((name) => name.isWellFormed()) &&
    Object.values(value).every((one) => isKept(one, depth - 1))
  );
}

/** A value as a claim; undefined for what none is. */
export function claimOf(value: JsonValue | undefined): ClaimValue | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "object" && Object.keys(value).length === 0 ? undefined : (value as ClaimValue);
}

/** Mappers as they are kept. */
export const storedClaimMappers = (mappers: readonly ClaimMapper[]): StoredClaimMapper[] =>
  mappers.map(({ $typeName: _type, $unknown: _unknown, ...fields }) => create(StoredClaimMapperSchema, fields));

/** Mappers as others see them. */
export const claimMapperMessages = (mappers: readonly StoredClaimMapper[]): ClaimMapper[] =>
  mappers.map(({ $typeName: _type, $unknown: _unknown, ...fields }) => create(ClaimMapperSchema, fields));
