import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { EventSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { RequestRecordSchema, type RequestRecord } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { TenantKeySchema, type TenantKey } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import type { Collection } from "../store.ts";

/** Records that last, with events, a text index and an integer index. */
export const keys: Collection<typeof TenantKeySchema> = {
  name: "test_keys",
  schema: TenantKeySchema,
  id: (record) => record.tenantId,
  indexes: {
    label: { type: "text", value: (record) => record.masterKeyId || undefined },
    rank: { type: "integer", value: (record) => record.version || undefined },
  },
  events: "required",
};

/** Records that expire, with a unique index, without events. */
export const tickets: Collection<typeof RequestRecordSchema> = {
  name: "test_tickets",
  schema: RequestRecordSchema,
  id: (record) => record.id,
  unique: { code: { type: "text", value: (record) => Buffer.from(record.requestHash).toString() || undefined } },
  indexes: { body: { type: "text", value: (record) => Buffer.from(record.sealedResponse).toString() || undefined } },
  expiresAt: (record) => record.expireTime && timestampMs(record.expireTime),
  events: "none",
};

const encoder = new TextEncoder();

/** A record of `keys`. */
export function key(id: string, { label = "", rank = 0 } = {}): TenantKey {
  return create(TenantKeySchema, { tenantId: id, masterKeyId: label, version: rank });
}

/** A record of `tickets`. */
export function ticket(
  id: string,
  { code = "", body = "", expires }: { code?: string; body?: string; expires?: number | undefined } = {},
): RequestRecord {
  return create(RequestRecordSchema, {
    id,
    requestHash: encoder.encode(code),
    sealedResponse: encoder.encode(body),
    ...(expires === undefined ? {} : { expireTime: timestampFromMs(expires) }),
  });
}

/** An event that can be told from others by its id. */
export function event(id: string): Event {
  return create(EventSchema, { id, resourceType: "key", resourceId: id });
}
