import { expect, test } from "vitest";
import { openStore } from "../../store/open-store.ts";
import { adminCollections } from "../collections.ts";
import { noteServedOrigin } from "./note-served-origin.ts";

const [one, other] = ["https://id.example.com", "https://login.example.com"];

async function starts() {
  const clock = () => 1_000;
  const store = await openStore({ url: "memory:", collections: adminCollections, clock });
  return (origin: string) => noteServedOrigin({ system: store.system(), clock }, origin);
}

test("a start with another public origin than the one before is told of that one, once", async () => {
  const start = await starts();
  const told = [];
  for (const origin of [one, one, other, other, one]) told.push(await start(origin));
  expect(told).toEqual([undefined, undefined, one, undefined, other]);
});

test("of several that start at once, one is told of the change, and none waits for another", async () => {
  const start = await starts();
  await start(one);
  const told = await Promise.all(Array.from({ length: 5 }, () => start(other)));
  expect(told.filter((before) => before !== undefined)).toEqual([one]);
  // Replicas that are told differently: each is heard of.
  const mixed = await Promise.all([one, "https://third.example.com"].map((origin) => start(origin)));
  expect(mixed).not.toContain(undefined);
});
