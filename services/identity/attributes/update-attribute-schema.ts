import { create, type JsonObject } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { AttributeSchema as StoredSchema } from "#gen/koder/identity/store/v1/attribute_schema_pb.ts";
import type { AttributeSchema } from "#gen/koder/identity/v1/attribute_schema_pb.ts";
import {
  UpdateAttributeSchemaResponseSchema,
  type UpdateAttributeSchemaRequest,
  type UpdateAttributeSchemaResponse,
} from "#gen/koder/identity/v1/attribute_schema_service_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { attributeSchemaId, attributeSchemas } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { attributeSchemaMessage } from "./attribute-schema-message.ts";
import { schemaOf } from "./attribute-schemas.ts";
import { compileSchema } from "./compile-schema.ts";
import { schemaFaults } from "./schema-faults.ts";

/**
 * Changes the fields of the tenant's schema that the mask names, all or none. What people have is not looked at: there may be a
 * million of them, and what does not fit any more is theirs until somebody writes it.
 */
export function updateAttributeSchema(needs: Pick<IdentityDependencies, "store" | "clock" | "attributeSchemas">) {
  return async (
    request: UpdateAttributeSchemaRequest,
    context: HandlerContext,
  ): Promise<UpdateAttributeSchemaResponse> => {
    const call = callOf(context);
    const stored = await changeTenantRecord(needs, call, place, {
      asked: request.attributeSchema,
      mask: request.updateMask,
      change,
      check: checkSchema,
      event: (paths) => ({
        case: "attributeSchemaUpdated",
        value: { $typeName: "koder.events.v1.AttributeSchemaUpdated", paths },
      }),
    });
    needs.attributeSchemas.forget(call.tenantId);
    return create(UpdateAttributeSchemaResponseSchema, { attributeSchema: attributeSchemaMessage(stored) });
  };
}

const place = { collection: attributeSchemas, id: attributeSchemaId, resourceType: "attribute_schema", name: "schema" };

const refuse = (violations: FieldViolation[]) =>
  identityFailure(
    IdentityErrorReason.ATTRIBUTE_SCHEMA_INVALID,
    violations.map(({ field, description }) => `${field}: ${description}`).join("; "),
    { violations },
  );

function change(path: string, { schema, selfWritable }: AttributeSchema): Partial<StoredSchema> {
  switch (path) {
    case "schema":
      return { schemaJson: schema === undefined || Object.keys(schema).length === 0 ? "" : JSON.stringify(schema) };
    case "self_writable":
      return { selfWritable };
    default:
      throw refuse([{ field: `attribute_schema.${path}`, description: "cannot be changed by this call" }]);
  }
}

/** Throws ATTRIBUTE_SCHEMA_INVALID for what is no schema, and where people could set what there is not. */
async function checkSchema(record: StoredSchema): Promise<void> {
  const schema = schemaOf(record) ?? { properties: {} };
  const within = "attribute_schema.schema";
  const faults = schemaFaults(schema).map(({ path, description }) => ({
    field: path === "" ? within : `${within}.${path}`,
    description,
  }));
  if (faults.length > 0) throw refuse(faults);
  const names = Object.keys(schema["properties"] as JsonObject);
  const stray = record.selfWritable.filter((name) => !names.includes(name));
  if (stray.length > 0) {
    const field = "attribute_schema.self_writable";
    throw refuse(stray.map((name) => ({ field, description: `${name} is not an attribute of the schema` })));
  }
  try {
    await compileSchema(schema);
  } catch (error) {
    throw refuse([{ field: within, description: error instanceof Error ? error.message : "is not a schema" }]);
  }
}
