import { toBinary } from "@bufbuild/protobuf";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { event, key, keys } from "../../conformance/test-records.ts";
import { openStore } from "../../open-store.ts";
import { insert, replace } from "../../writes.ts";

/** A store, and a session beside it whose transactions the test commits when it wants. */
async function both() {
  const url = await sharedDatabase();
  const store = await openStore({ url, collections: [keys], clock: () => 1_000 });
  const slow = new Client({ connectionString: url });
  await slow.connect();
  onTestFinished(async () => {
    await slow.end();
    await store.close();
  });
  const system = store.system();
  const lease = await system.lease("sequencer", "a", 1_000);
  if (lease === undefined) throw new Error("the lease is taken");
  const append = (id: string) =>
    slow.query("INSERT INTO outbox (tenant, data) VALUES ('acme', $1)", [toBinary(EventSchema, event(id))]);
  return { acme: store.tenant("acme"), system, lease, slow, append };
}

test("an event whose transaction commits after later ones were sequenced is not missed, and moves nobody", async () => {
  const { acme, system, lease, slow, append } = await both();
  await slow.query("BEGIN");
  await append("late"); // has the first position of the outbox, and nobody sees it
  await acme.commit([insert(keys, key("a"))], [event("1"), event("2")]);
  expect(await system.sequence(lease, 10)).toBe(2);
  expect(await system.outbox(0, 10)).toEqual([]);
  await slow.query("COMMIT");
  const [waiting] = await system.outbox(0, 10);
  expect([waiting?.position, waiting?.event.id]).toEqual([1, "late"]);
  await acme.commit([replace(keys, key("a"), 1)], [event("3")]);
  expect(await system.sequence(lease, 10)).toBe(2);
  const entries = await acme.events(0, 10);
  expect(entries.map((one) => [one.position, one.number, one.event.id])).toEqual([
    [1, 1, "1"],
    [2, 2, "2"],
    [3, 3, "late"],
    [4, 4, "3"],
  ]);
});

test("of one resource, a commit takes its place in the outbox only once the one before it is done", async () => {
  const { acme, system, lease, slow, append } = await both();
  await acme.commit([insert(keys, key("a")), insert(keys, key("b"))], [event("made")]);
  await slow.query("BEGIN");
  await slow.query("DELETE FROM test_keys WHERE id = 'a'");
  // The event of that is not there yet. Whoever makes the record anew has to wait, before any event of theirs is appended.
  const next = acme.commit([insert(keys, key("a"))], [event("made anew")]);
  await acme.commit([replace(keys, key("b"), 1)], [event("another's")]);
  expect(await system.sequence(lease, 10)).toBe(2);
  await append("deleted");
  await slow.query("COMMIT");
  await next;
  expect(await system.sequence(lease, 10)).toBe(2);
  expect((await acme.events(0, 10)).map((one) => one.event.id)).toEqual(["made", "another's", "deleted", "made anew"]);
});
