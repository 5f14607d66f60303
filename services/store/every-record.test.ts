import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { RequestRecordSchema } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { everyPage, everyRecord } from "./every-record.ts";
import { openStore } from "./open-store.ts";
import type { Collection } from "./store.ts";
import { insert, remove } from "./writes.ts";

const things: Collection<typeof RequestRecordSchema> = {
  name: "test_things",
  schema: RequestRecordSchema,
  id: ({ id }) => id,
  events: "none",
};
const byTwo = { index: "id", limit: 2 } as const;

async function storeOf(ids: readonly string[]) {
  const store = await openStore({ url: "memory:", collections: [things], clock: Date.now });
  onTestFinished(() => store.close());
  const data = store.tenant("acme");
  await data.commit(
    ids.map((id) => insert(things, create(RequestRecordSchema, { id }))),
    [],
  );
  return data;
}

test("every record comes once, in the order of the index, however many pages there are", async () => {
  const data = await storeOf(["d", "a", "c", "e", "b"]);
  const found = await Array.fromAsync(everyRecord(data, things, byTwo));
  expect(found.map(({ record }) => record.id)).toEqual(["a", "b", "c", "d", "e"]);
  expect((await Array.fromAsync(everyPage(data, things, byTwo))).map(({ length }) => length)).toEqual([2, 2, 1]);
});

test("whoever removes each record meets all of them", async () => {
  const data = await storeOf(["a", "b", "c", "d", "e"]);
  for await (const stored of everyRecord(data, things, byTwo)) await data.commit([remove(things, stored)], []);
  expect(await Array.fromAsync(everyRecord(data, things, byTwo))).toEqual([]);
});
