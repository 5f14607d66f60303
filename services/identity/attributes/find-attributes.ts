import { create, type JsonObject } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  FindAttributesResponseSchema,
  type FindAttributesRequest,
  type FindAttributesResponse,
} from "#gen/koder/identity/v1/attribute_lookup_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { attributeSchemaId, attributeSchemas } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { schemaOf } from "./attribute-schemas.ts";

/** Those of the attributes that the tenant's schema has, as the store has it now. */
export function findAttributes({ store }: Pick<IdentityDependencies, "store">) {
  return async ({ names }: FindAttributesRequest, context: HandlerContext): Promise<FindAttributesResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(attributeSchemas, attributeSchemaId);
    const there = new Set(Object.keys((schemaOf(stored?.record)?.["properties"] ?? {}) as JsonObject));
    return create(FindAttributesResponseSchema, { names: names.filter((name) => there.has(name)) });
  };
}
