import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { User as StoredUser } from "#gen/koder/identity/store/v1/user_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { identityFailure } from "../identity-failure.ts";
import type { TenantAttributes } from "./attribute-schemas.ts";

/** How much a person's attributes may be together: characters of JSON, values, and levels. */
const [longest, most, deepest] = [16_384, 1_000, 8];

/** The attributes of a record. */
export const attributesOf = ({ attributesJson }: Pick<StoredUser, "attributesJson">): JsonObject =>
  attributesJson === "" ? {} : (JSON.parse(attributesJson) as JsonObject);

/** Attributes as they are kept. */
export const storedAttributes = (attributes: JsonObject): string =>
  Object.keys(attributes).length === 0 ? "" : JSON.stringify(attributes);

/**
 * A person's attributes with those that were sent: null takes one away. Together they must fit the tenant's schema, also those
 * that were there before it. `field` is what holds them in the request. Throws ATTRIBUTES_INVALID.
 */
export function mergedAttributes(
  tenant: TenantAttributes,
  before: JsonObject,
  sent: JsonObject,
  field: string,
): JsonObject {
  const taken = Object.entries({ ...before, ...sent }).filter(([, value]) => value !== null);
  const merged = Object.fromEntries<JsonValue>(taken);
  const unknown = taken.filter(([name]) => !tenant.names.has(name));
  const faults: readonly FieldViolation[] = [
    ...unknown.map(([name]) => ({ field: `${field}.${name}`, description: "is not an attribute of the tenant" })),
    ...sizeFaults(merged, field),
  ];
  refuse(faults.length > 0 ? faults : tenant.check(merged, field));
  return merged;
}

function sizeFaults(attributes: JsonObject, field: string): readonly FieldViolation[] {
  let values = 0;
  const fits = (value: JsonValue, depth: number): boolean => {
    values += 1;
    if (depth > deepest || values > most) return false;
    if (typeof value !== "object" || value === null) return true;
    return Object.entries(value).every(([name, one]) => name !== "__proto__" && fits(one, depth + 1));
  };
  if (fits(attributes, 0) && JSON.stringify(attributes).length <= longest) return [];
  const description = `must be at most ${longest} characters of JSON, ${most} values and ${deepest} levels together`;
  return [{ field, description }];
}

function refuse(violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  const said = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw identityFailure(IdentityErrorReason.ATTRIBUTES_INVALID, said, { violations: [...violations] });
}
