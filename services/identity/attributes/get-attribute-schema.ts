import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetAttributeSchemaResponseSchema,
  type GetAttributeSchemaRequest,
  type GetAttributeSchemaResponse,
} from "#gen/koder/identity/v1/attribute_schema_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { attributeSchemaId, attributeSchemas } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { attributeSchemaMessage } from "./attribute-schema-message.ts";

/** The tenant's schema of attributes, as the store has it now. */
export function getAttributeSchema({ store }: Pick<IdentityDependencies, "store">) {
  return async (_request: GetAttributeSchemaRequest, context: HandlerContext): Promise<GetAttributeSchemaResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(attributeSchemas, attributeSchemaId);
    return create(GetAttributeSchemaResponseSchema, { attributeSchema: attributeSchemaMessage(stored) });
  };
}
