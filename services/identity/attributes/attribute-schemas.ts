import type { JsonObject } from "@bufbuild/protobuf";
import type { AttributeSchema as StoredSchema } from "#gen/koder/identity/store/v1/attribute_schema_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { LogEntry, Store } from "../../store/store.ts";
import { attributeSchemaId, attributeSchemas } from "../collections.ts";
import { compileSchema, type CheckAttributes } from "./compile-schema.ts";

/** Which attributes of its own a tenant keeps, ready to check those of a person. */
export interface TenantAttributes {
  /** The names that there are. */
  readonly names: ReadonlySet<string>;
  readonly selfWritable: ReadonlySet<string>;
  readonly check: CheckAttributes;
}

/** The attributes of every tenant, each remembered for at most five seconds. */
export interface AttributeSchemas {
  /** Those of a tenant. One without a schema has none, and whatever it has fits. */
  get(tenantId: string): Promise<TenantAttributes>;
  /** Looks at the store the next time: the schema was changed. */
  readonly forget: (tenantId: string) => void;
  /** The same, as the event log tells of it. */
  readonly forgetChanged: (entry: LogEntry) => void;
}

const remembered = { maxEntries: 1_000, ttl: 5_000 };
/** Schemas that stay compiled for as long as they are what the store has. */
const mostCompiled = 100;

const none: TenantAttributes = { names: new Set(), selfWritable: new Set(), check: () => [] };

/** Schemas over a bounded cache. `clock` in milliseconds. */
export function createAttributeSchemas({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): AttributeSchemas {
  const cache = createBoundedCache<TenantAttributes>({ ...remembered, clock });
  const compiled = new Map<string, { readonly text: string; readonly check: CheckAttributes }>();

  async function checkOf(tenantId: string, text: string, schema: JsonObject): Promise<CheckAttributes> {
    const known = compiled.get(tenantId);
    const check = known?.text === text ? known.check : await compileSchema(schema);
    compiled.delete(tenantId);
    compiled.set(tenantId, { text, check });
    const [oldest] = compiled.keys();
    if (compiled.size > mostCompiled && oldest !== undefined) compiled.delete(oldest);
    return check;
  }

  const forget = (tenantId: string): void => cache.delete(tenantId);
  return {
    get: (tenantId) =>
      cache.get(tenantId, async () => {
        const stored = await store.tenant(tenantId).get(attributeSchemas, attributeSchemaId);
        const schema = schemaOf(stored?.record);
        if (stored === undefined || schema === undefined) return none;
        const { schemaJson, selfWritable } = stored.record;
        return {
          names: new Set(Object.keys((schema["properties"] ?? {}) as JsonObject)),
          selfWritable: new Set(selfWritable),
          check: await checkOf(tenantId, schemaJson, schema),
        };
      }),
    forget,
    forgetChanged: ({ tenantId, event: { resourceType } }) => {
      if (resourceType === "attribute_schema") forget(tenantId);
    },
  };
}

/** The JSON Schema of a record; undefined where there is none. */
export const schemaOf = (record: StoredSchema | undefined): JsonObject | undefined =>
  record === undefined || record.schemaJson === "" ? undefined : (JSON.parse(record.schemaJson) as JsonObject);
