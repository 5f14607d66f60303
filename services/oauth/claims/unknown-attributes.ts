import { AttributeLookupService } from "#gen/koder/identity/v1/attribute_lookup_internal_pb.ts";
import type { ClaimMapper } from "#gen/koder/oauth/store/v1/claim_mapper_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { FieldViolation } from "../../host/failure.ts";
import type { Peers } from "../../host/peers.ts";

/** The attribute of the tenant's own that a mapper reads; undefined where it reads none. */
const attributeOf = ({ source }: ClaimMapper): string | undefined =>
  source.case === "customAttribute" ? source.value : undefined;

/**
 * The mappers that read what the tenant's schema does not have, each as a violation, where `field` names their list. What was read
 * `before` may stay: an attribute that was taken out of the schema since is nobody's any more, or comes back.
 */
export async function unknownAttributeFaults(
  peers: Peers,
  call: Call,
  mappers: readonly ClaimMapper[],
  field: string,
  before: readonly ClaimMapper[] = [],
): Promise<readonly FieldViolation[]> {
  const known = new Set(before.map(attributeOf));
  const named = mappers.flatMap((mapper, index) => {
    const name = attributeOf(mapper);
    return name === undefined || known.has(name) ? [] : [{ name, index }];
  });
  if (named.length === 0) return [];
  const names = [...new Set(named.map(({ name }) => name))];
  const there = new Set((await peers.client(AttributeLookupService).findAttributes({ names }, forward(call))).names);
  return named
    .filter(({ name }) => !there.has(name))
    .map(({ name, index }) => ({
      field: `${field}[${index}].custom_attribute`,
      description: `must be an attribute of the tenant's schema; ${name} is none`,
    }));
}
