import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Collection, TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { emailChanges, enrolments, mailboxProofs, otpChallenges } from "../collections.ts";
import { emailChangeForgotten, mailboxProofForgotten } from "../email/email-events.ts";

/** Records that go in one commit. */
const batch = 50;

/**
 * Removes what waits for a user and names an address or a telephone of theirs: links that were mailed, changes of address,
 * factors to be and one-time codes. All of it would end within a day by itself.
 */
export async function forgetPending(data: TenantStore, call: Outbound, now: number, userId: string): Promise<void> {
  const nothingTold = () => [];
  await forget(data, userId, enrolments, nothingTold);
  await forget(data, userId, otpChallenges, nothingTold);
  await forget(data, userId, mailboxProofs, (proof, version) => [mailboxProofForgotten(call, now, proof, version)]);
  await forget(data, userId, emailChanges, (change, version) => [emailChangeForgotten(call, now, change, version)]);
}

/** Removes all of a user's in a collection, batch by batch. What changes or is used up meanwhile is looked at again. */
async function forget<Desc extends DescMessage>(
  data: TenantStore,
  userId: string,
  collection: Collection<Desc>,
  told: (record: MessageShape<Desc>, version: number) => readonly Event[],
): Promise<void> {
  for (;;) {
    const { items } = await data.page(collection, { index: "user_id", equals: userId, limit: batch });
    if (items.length === 0) return;
    await commitUnlessChanged(
      data,
      items.map((stored) => remove(collection, stored)),
      items.flatMap(({ record, version }) => told(record, version + 1)),
    );
  }
}
