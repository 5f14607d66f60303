import { toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { aBrowser, authFixture, refusal } from "../auth-fixture.ts";
import { flows } from "../collections.ts";

const stored = async (f: Awaited<ReturnType<typeof authFixture>>) =>
  (await f.data.page(flows, { index: "id", limit: 100 })).items.map(({ record }) => record);

test("a flow waits for a password for ten minutes; id and browser are kept as keyed hashes only", async () => {
  const f = await authFixture();
  const flow = await f.start("ana");
  expect(flow).toMatchObject({ state: FlowState.PENDING, nextSteps: [FlowStep.PASSWORD, FlowStep.PASSKEY] });
  expect(Buffer.from(flow.id, "base64url")).toHaveLength(16);
  expect(flow.expireTime && timestampMs(flow.expireTime)).toBe(f.dependencies.clock() + 600_000);
  const [record] = await stored(f);
  if (record === undefined) throw new Error("no flow was kept");
  expect(record).toMatchObject({ userId: f.ana.id, accountKey: f.ana.id });
  const bytes = Buffer.from(toBinary(FlowSchema, record)).toString("latin1");
  expect(bytes).not.toContain(flow.id);
  expect(bytes).not.toContain(aBrowser.browserToken);
  const [event] = await f.events();
  expect(event).toMatchObject({ resourceType: "flow", resourceId: record.idHash, payload: { case: "flowStarted" } });
});

test("A23: a name that nobody has gets a flow like any other, with the same of everything that is seen", async () => {
  const f = await authFixture();
  const [known, unknown] = [await f.start("ana"), await f.start("nobody")];
  expect({ ...unknown, id: "" }).toEqual({ ...known, id: "" });
  expect(unknown.id).toHaveLength(known.id.length);
});

test("attempts at a name that nobody has are counted under it, however it is written", async () => {
  const f = await authFixture();
  for (const name of ["Nobody", " nobody ", "nobody", "somebody"]) await f.start(name);
  const records = await stored(f);
  expect(records.every(({ userId }) => userId === "")).toBe(true);
  expect(new Set(records.map(({ accountKey }) => accountKey)).size).toBe(2);
  expect(new Set(records.map(({ nameKey }) => nameKey)).size).toBe(2);
  expect(records.every(({ accountKey }) => /^k1:[A-Za-z0-9_-]{43}$/.test(accountKey))).toBe(true);
});

test("A23: attempts are seen under the name, not under whoever has it", async () => {
  const f = await authFixture();
  for (const name of ["ana", "ANA", "ana@example.com"]) await f.start(name);
  const records = await stored(f);
  expect(records.every(({ accountKey }) => accountKey === f.ana.id)).toBe(true);
  expect(new Set(records.map(({ nameKey }) => nameKey)).size).toBe(2);
  expect(records.every(({ nameKey }) => /^k1:[A-Za-z0-9_-]{43}$/.test(nameKey))).toBe(true);
});

test("A27: one address cannot start flows without end", async () => {
  const f = await authFixture({ flowsPerAddress: 3 });
  for (let i = 0; i < 3; i++) await f.start("ana");
  expect(await refusal(f.start("ana"))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 600 });
  expect(await stored(f)).toHaveLength(3);
});
