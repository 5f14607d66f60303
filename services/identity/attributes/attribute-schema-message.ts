import { create } from "@bufbuild/protobuf";
import type { AttributeSchema as StoredSchema } from "#gen/koder/identity/store/v1/attribute_schema_pb.ts";
import { AttributeSchemaSchema, type AttributeSchema } from "#gen/koder/identity/v1/attribute_schema_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import { schemaOf } from "./attribute-schemas.ts";

/** What was read of a tenant's schema; nothing where it has none. */
type Read = { readonly record: StoredSchema; readonly version: number } | undefined;

/** A tenant's schema as others see it. */
export function attributeSchemaMessage(stored: Read): AttributeSchema {
  const schema = schemaOf(stored?.record);
  const updateTime = stored?.record.updateTime;
  return create(AttributeSchemaSchema, {
    etag: tenantRecordEtag(stored),
    selfWritable: stored?.record.selfWritable ?? [],
    ...(schema === undefined ? {} : { schema }),
    ...(updateTime === undefined ? {} : { updateTime }),
  });
}
