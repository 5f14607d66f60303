import { create } from "@bufbuild/protobuf";
import { Code, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { EventService } from "../../gen/ts-public/koder/admin/v1/event_service_pb.ts";
import {
  CreateUserRequestSchema,
  type CreateUserRequest,
} from "../../gen/ts-public/koder/identity/v1/user_service_pb.ts";
import { createClient } from "./create-client.ts";
import { away, failureOf, fakeUsers, guardedUsers, refused } from "./fake-users.ts";
import { sleep } from "./deadline.ts";
import { guardTransport } from "./guard-transport.ts";
import { readOptions } from "./options.ts";
import { defaultRetries, pauseAfter } from "./retry-policy.ts";

const requestIds = (fake: ReturnType<typeof fakeUsers>) =>
  fake.arrived.map(({ message }) => (message as CreateUserRequest).requestId);

test("reads are repeated while the server is away, each time with what is left of the deadline", async () => {
  const fake = fakeUsers({ answer: (n) => (n < 4 ? away() : undefined) });
  const { users, pauses } = guardedUsers(fake);
  await users.getUser({ userId: "me" });
  // Half of 100, 200 and 400 ms: the jitter of this test is the smallest.
  expect(pauses).toEqual([50, 100, 200]);
  const left = fake.arrived.map(({ timeoutMs }) => timeoutMs ?? 0);
  expect(left).toHaveLength(4);
  // In whole milliseconds at their arrival: of two in the same one, either may be the greater by one.
  expect(left.every((ms, at) => ms > 0 && ms <= (at === 0 ? 10_000 : (left[at - 1] ?? 0) + 1))).toBe(true);
});

test.each([1, 3])("of %d attempts there are no more", async (maxAttempts) => {
  const fake = fakeUsers({ answer: () => away() });
  const error = await failureOf(guardedUsers(fake, { maxAttempts }).users.getUser({ userId: "me" }));
  expect([error.code, fake.arrived.length]).toEqual([Code.Unavailable, maxAttempts]);
});

test("writes that are no creates are never repeated", async () => {
  const fake = fakeUsers({ answer: () => away(1) });
  const error = await failureOf(guardedUsers(fake).users.updateUser({ userId: "u" }));
  expect([error.code, fake.arrived.length]).toEqual([Code.Unavailable, 1]);
});

test.each([Code.Internal, Code.Aborted, Code.DeadlineExceeded, Code.NotFound])(
  "the code %d is not repeated, though it came with a time",
  async (code) => {
    const fake = fakeUsers({ answer: () => refused(code, "INTERNAL", { retryAfterMs: 0 }) });
    const error = await failureOf(guardedUsers(fake).users.getUser({ userId: "me" }));
    expect([error.code, fake.arrived.length]).toEqual([code, 1]);
  },
);

test("creates are repeated with one request id, and the caller's message is not changed", async () => {
  const fake = fakeUsers({ answer: (n) => (n % 2 === 1 ? away() : undefined) });
  const { users } = guardedUsers(fake);
  const message = create(CreateUserRequestSchema, { user: { username: "ada" } });
  await users.createUser(message);
  await users.createUser(message);
  await users.createUser({ user: { username: "ada" } });
  expect(message.requestId).toBe("");
  const ids = requestIds(fake);
  expect(ids).toHaveLength(6);
  expect([ids[0], ids[2], ids[4]]).toEqual([ids[1], ids[3], ids[5]]);
  expect(new Set(ids).size).toBe(3);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a read that looks for a request id is not given one", async () => {
  const asked: string[] = [];
  const wire = createRouterTransport(({ service }) => {
    service(EventService, {
      listEvents: ({ requestId }) => {
        asked.push(requestId);
        return {};
      },
    });
  });
  const events = createClient(EventService, guardTransport(wire, readOptions("https://id.example.com", {})));
  await events.listEvents({});
  await events.listEvents({ requestId: "01J9ZK3V5T8QW2X4Y6Z7ABCDEF" });
  expect(asked).toEqual(["", "01J9ZK3V5T8QW2X4Y6Z7ABCDEF"]);
});

test("a caller's own request id is kept", async () => {
  const requestId = "01234567-89ab-4cde-8f01-23456789abcd";
  const fake = fakeUsers({ answer: () => away() });
  await failureOf(guardedUsers(fake, { maxAttempts: 2 }).users.createUser({ requestId }));
  expect(requestIds(fake)).toEqual([requestId, requestId]);
});

test.each([
  ["RetryInfo", refused(Code.ResourceExhausted, "OVERLOADED", { retryAfterMs: 2_000 })],
  ["Retry-After", refused(Code.ResourceExhausted, "OVERLOADED", { headers: { "retry-after": "2" } })],
  ["RetryInfo of UNAVAILABLE", away(2_000)],
])("the server's wait in %s is the least that is waited", async (_name, failure) => {
  const fake = fakeUsers({ answer: (n) => (n === 1 ? failure : undefined) });
  const { users, pauses } = guardedUsers(fake);
  await users.getUser({ userId: "me" });
  expect(pauses).toEqual([2_050]);
});

test("a limit without a time is not repeated", async () => {
  const fake = fakeUsers({ answer: () => refused(Code.ResourceExhausted, "BODY_TOO_LARGE") });
  await failureOf(guardedUsers(fake).users.getUser({ userId: "me" }));
  expect(fake.arrived).toHaveLength(1);
});

test("no wait goes past the deadline", async () => {
  const fake = fakeUsers({ answer: () => away(3_600_000) });
  const { users, pauses } = guardedUsers(fake, { timeoutMs: 60_000 });
  expect((await failureOf(users.getUser({ userId: "me" }))).code).toBe(Code.Unavailable);
  expect([fake.arrived.length, pauses]).toEqual([1, []]);
});

test("a call that was given up is not repeated", async () => {
  const controller = new AbortController();
  const fake = fakeUsers({
    answer: () => {
      controller.abort();
      return away();
    },
  });
  const error = await failureOf(guardedUsers(fake).users.getUser({ userId: "me" }, { signal: controller.signal }));
  expect([error.code, fake.arrived.length]).toEqual([Code.Canceled, 1]);
});

test("a pause ends with its signal", async () => {
  await expect(sleep(3_600_000, AbortSignal.abort())).rejects.toMatchObject({ code: Code.Canceled });
  const controller = new AbortController();
  const pause = sleep(3_600_000, controller.signal);
  controller.abort();
  await expect(pause).rejects.toMatchObject({ code: Code.Canceled });
  await sleep(1, new AbortController().signal);
});

test("pauses grow to a limit, and differ", () => {
  for (let failed = 1; failed < 2_000; failed++) {
    const pause = pauseAfter(defaultRetries, failed, 0);
    expect(pause >= 50 && pause <= 2_000).toBe(true);
  }
  const half = { ...defaultRetries, random: () => 0.5 };
  expect([pauseAfter(half, 3, 0), pauseAfter(half, 50, 1_000)]).toEqual([300, 2_500]);
});
