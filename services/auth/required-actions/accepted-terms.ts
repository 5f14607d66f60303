import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AcceptedTermsSchema } from "#gen/koder/auth/store/v1/terms_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { TenantStore, Write } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { acceptedTerms } from "../collections.ts";

/** What keeps that a person accepted terms, in the place of those that they accepted before: the log has these. */
export async function acceptance(
  data: TenantStore,
  call: Outbound,
  now: number,
  accepted: { readonly userId: string; readonly version: string; readonly uri: string },
): Promise<{ readonly write: Write; readonly event: Event }> {
  const before = await data.get(acceptedTerms, accepted.userId);
  const record = create(AcceptedTermsSchema, { ...accepted, acceptTime: timestampFromMs(now) });
  const write = before === undefined ? insert(acceptedTerms, record) : replace(acceptedTerms, record, before.version);
  return { write, event: changed(call, now, accepted.userId, (before?.version ?? 0) + 1, accepted.version) };
}

/** Removes what is kept of a person who was erased. */
export async function forgetAcceptedTerms(
  data: TenantStore,
  call: Outbound,
  now: number,
  userId: string,
): Promise<void> {
  const stored = await data.get(acceptedTerms, userId);
  if (stored === undefined) return;
  await commitUnlessChanged(
    data,
    [remove(acceptedTerms, stored)],
    [changed(call, now, userId, stored.version + 1, "")],
  );
}

const changed = (call: Outbound, now: number, userId: string, version: number, terms: string): Event =>
  eventOf(
    call,
    now,
    { type: "accepted_terms", id: userId, version },
    {
      case: "acceptedTermsChanged",
      value: { $typeName: "koder.events.v1.AcceptedTermsChanged", userId, version: terms },
    },
  );
