import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromMs, type FieldMask } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { commitUnlessChanged } from "../store/commit-unless-changed.ts";
import type { Collection, Store, Stored } from "../store/store.ts";
import { insert, replace } from "../store/writes.ts";
import type { Call } from "./call.ts";
import { changeLatest } from "./change-latest.ts";
import { eventOf, type EventResource } from "./event.ts";
import { failure } from "./failure.ts";
import { readUpdate } from "./read-update.ts";

/** Where a service keeps the one record that a tenant has of a kind, such as a policy; absent while all of it is the default. */
export interface TenantRecordPlace<Desc extends DescMessage> {
  readonly collection: Collection<Desc>;
  /** The one id in there. */
  readonly id: string;
  /** What events call it. */
  readonly resourceType: string;
  /** What messages call it. */
  readonly name: string;
}

/** What an update is to do to such a record. */
export interface TenantRecordChange<Desc extends DescMessage, Asked> {
  /** The new values, and the mask that says which of them count. */
  readonly asked: Asked | undefined;
  readonly mask: FieldMask | undefined;
  /** What one path of the mask changes. Throws for one that cannot be changed, and for what it cannot be. */
  readonly change: (path: string, asked: Asked) => Partial<Record<keyof MessageShape<Desc>, unknown>>;
  /** Throws where the record, as it would be, breaks a rule of its own. */
  readonly check?: (record: MessageShape<Desc>, paths: readonly string[]) => void | Promise<void>;
  /** What is told of the change. */
  readonly event: (paths: string[]) => Parameters<typeof eventOf>[3];
}

/** Opaque to callers: the version of the record, 0 while there is none. */
export const tenantRecordEtag = (stored: Pick<EventResource, "version"> | undefined): string =>
  `v${stored?.version ?? 0}`;

/**
 * Changes what the mask names, all or none, and answers the record as it is then. Throws INVALID_REQUEST where the mask names
 * nothing, ETAG_MISMATCH where the record is not at the etag sent, and what `change` and `check` throw; both are asked again where
 * somebody else was faster and no etag was sent.
 */
export function changeTenantRecord<Desc extends DescMessage, Asked extends { readonly etag: string }>(
  needs: { readonly store: Pick<Store, "tenant">; readonly clock: () => number },
  call: Call,
  place: TenantRecordPlace<Desc>,
  change: TenantRecordChange<Desc, Asked>,
): Promise<Stored<Desc>> {
  return changeLatest(change.asked?.etag, () => changeOnce(needs, call, place, change));
}

async function changeOnce<Desc extends DescMessage, Asked extends { readonly etag: string }>(
  { store, clock }: Parameters<typeof changeTenantRecord>[0],
  call: Call,
  { collection, id, resourceType, name }: TenantRecordPlace<Desc>,
  { asked: values, mask, change, check, event }: TenantRecordChange<Desc, Asked>,
): Promise<Stored<Desc>> {
  const { asked, paths } = readUpdate(values, mask);
  const data = store.tenant(call.tenantId);
  const stored = await data.get(collection, id);
  if (asked.etag !== "" && asked.etag !== tenantRecordEtag(stored)) throw changedMeanwhile(name);
  const now = clock();
  const record: MessageShape<Desc> = Object.assign(
    stored?.record ?? create(collection.schema),
    { id },
    ...paths.map((path) => change(path, asked)),
    { updateTime: timestampFromMs(now) },
  );
  await check?.(record, paths);
  const version = (stored?.version ?? 0) + 1;
  const write = stored === undefined ? insert(collection, record) : replace(collection, record, stored.version);
  const told = eventOf(call, now, { type: resourceType, id, version }, event(paths));
  if (!(await commitUnlessChanged(data, [write], [told]))) throw changedMeanwhile(name);
  return { record, version };
}

const changedMeanwhile = (name: string) =>
  failure(ErrorReason.ETAG_MISMATCH, `etag: somebody else changed the ${name} meanwhile; read again, and repeat`);
