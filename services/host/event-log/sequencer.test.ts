import { describe, expect, test } from "vitest";
import { LeaseLost } from "../../store/store.ts";
import { eventLogFixture, idsOf, soon, stores } from "./event-log-fixture.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe.each(stores)("the sequencer on $name", ({ url }) => {
  test("moves what waits and what comes, and of two only one does", async () => {
    const { store, system, sequencer, happen, metric } = await eventLogFixture(await url());
    const before = await happen(3);
    sequencer("a");
    sequencer("b");
    await soon(async () => expect(await system.logEnd()).toBe(3));
    const after = [...(await happen(250)), ...(await happen(2, "other"))];
    await soon(async () => expect(await system.logEnd()).toBe(255));
    expect(idsOf(await system.log(0, 1_000))).toEqual([...before, ...after]);
    expect((await store.tenant("other").events(0, 10)).map(({ number }) => number)).toEqual([1, 2]);
    await soon(() => expect(metric("koder_id_events_sequenced_total")).toBe(255));
  });

  test("numbers without gaps and keeps the order of each resource, while many write and two compete", async () => {
    const { store, system, sequencer, change } = await eventLogFixture(await url());
    const first = sequencer("a");
    sequencer("b");
    const tenants = ["one", "two", "three"];
    // Two writers for each of two resources of each tenant, whose commits overlap.
    const writing = tenants.flatMap((tenant) => ["x", "x", "y", "y"].map((id) => change(tenant, id, 12)));
    await soon(async () => expect(await system.logEnd()).toBeGreaterThan(20));
    await first.stop();
    await Promise.all(writing);
    const all = tenants.length * 48;
    await soon(async () => expect(await system.logEnd()).toBe(all));
    expect((await system.log(0, 1_000)).map(({ position }) => position)).toEqual(upTo(all));
    for (const tenant of tenants) {
      const entries = await store.tenant(tenant).events(0, 1_000);
      expect(entries.map(({ number }) => number)).toEqual(upTo(48));
      for (const id of ["x", "y"]) {
        const own = entries.filter(({ event }) => event.resourceId === id);
        expect(own.map(({ event }) => Number(event.resourceVersion))).toEqual(upTo(24));
      }
    }
    expect(await system.outbox(0, 1)).toEqual([]);
  });

  test("gives the lease up when it stops, and another goes on", async () => {
    const { system, sequencer, happen } = await eventLogFixture(await url());
    const first = sequencer("a");
    await happen(1);
    await soon(async () => expect(await system.logEnd()).toBe(1));
    await first.stop();
    expect(await system.lease("sequencer", "b", 1_000)).toBeDefined();
  });

  test("whose time stood still finds its fence refused, and the log goes on without a fork", async () => {
    const { system, sequencer, happen, lines } = await eventLogFixture(await url());
    const refused: unknown[] = [];
    const standing = Date.now();
    sequencer("paused", {
      clock: () => standing, // by its own clock its lease never ends
      system: {
        ...system,
        sequence: (lease, limit) =>
          system.sequence(lease, limit).catch((error: unknown) => {
            refused.push(error);
            throw error;
          }),
      },
    });
    await happen(1);
    await soon(async () => expect(await system.logEnd()).toBe(1));
    // The lease passes on: by the store's clock its time is over once nobody takes it anew.
    await soon(async () => expect(await system.lease("sequencer", "other", 60_000)).toBeDefined());
    const [waiting] = await happen(1);
    await soon(() => expect(refused).toHaveLength(1));
    expect(refused[0]).toBeInstanceOf(LeaseLost);
    expect((await system.outbox(0, 10)).map(({ event }) => event.id)).toEqual([waiting]);
    expect(await system.logEnd()).toBe(1);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "the lease of the sequencer has passed to another process"],
    ]);
  });
});

test("an outbox that nobody empties is told of every half minute, and one that is emptied is not", async () => {
  const { system, sequencer, happen, lines } = await eventLogFixture("memory:");
  const other = await system.lease("sequencer", "other", 60_000);
  if (other === undefined) throw new Error("the lease is taken");
  await happen(1);
  let now = Date.now();
  sequencer("a", { clock: () => (now += 2_000) });
  await soon(() => expect(lines.length).toBeGreaterThan(1));
  expect(lines[0]).toMatchObject({ level: "warn", fields: { position: 1, hasLease: false } });
  expect(Number(lines[0]?.fields["seconds"])).toBeGreaterThan(30);
  await system.release(other);
  await soon(async () => expect(await system.logEnd()).toBe(1));
  const told = lines.length;
  now += 600_000;
  await happen(1);
  await soon(async () => expect(await system.logEnd()).toBe(2));
  expect(lines).toHaveLength(told);
});

test("the age of what waits is told by whoever may sequence, also while another has the lease", async () => {
  const { system, sequencer, happen, metric } = await eventLogFixture("memory:");
  const other = await system.lease("sequencer", "other", 60_000);
  if (other === undefined) throw new Error("the lease is taken");
  await happen(1);
  let now = Date.now() + 7_000;
  sequencer("a", { clock: () => now });
  await soon(() => expect(metric("koder_id_sequencer_lag_seconds")).toBeGreaterThan(6));
  expect([metric("koder_id_sequencer_has_lease"), metric("koder_id_events_sequenced_total")]).toEqual([0, 0]);
  now += 60_000;
  expect(metric("koder_id_sequencer_lag_seconds")).toBeGreaterThan(66);
  await system.release(other);
  await soon(() => expect(metric("koder_id_events_sequenced_total")).toBe(1));
  await soon(() => expect(metric("koder_id_sequencer_lag_seconds")).toBe(0));
  expect(metric("koder_id_sequencer_has_lease")).toBe(1);
});
