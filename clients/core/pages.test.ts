import { create } from "@bufbuild/protobuf";
import { Code, type CallOptions } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  ListUsersRequestSchema,
  type ListUsersRequest,
} from "../../gen/ts-public/koder/identity/v1/user_service_pb.ts";
import { fakeUsers, guardedUsers, refused, type FakeUsersOptions } from "./fake-users.ts";
import { pages } from "./pages.ts";
import { reason } from "./errors.ts";

const page = (nextPageToken: string, ...ids: string[]) => ({ nextPageToken, users: ids.map((id) => ({ id })) });

/** A listing of users, what it gave, and what it asked for. */
function listing(options: FakeUsersOptions) {
  const fake = fakeUsers(options);
  const { users } = guardedUsers(fake);
  return {
    asked: () => fake.arrived.map(({ message }) => message as ListUsersRequest),
    list: (request: Parameters<typeof users.listUsers>[0] = {}, call?: CallOptions) =>
      pages(users.listUsers, request, ({ users: found }) => found.map(({ id }) => id), call),
  };
}

async function collect(list: AsyncIterable<string>, most = Infinity) {
  const ids: string[] = [];
  try {
    for await (const id of list) {
      ids.push(id);
      if (ids.length === most) break;
    }
    return { ids };
  } catch (error) {
    return { ids, error };
  }
}

// A page may be empty and yet not the last one.
const three = { "": page("two", "a", "b"), two: page("three"), three: page("", "c") };

test("every item is given, each time that the listing is iterated", async () => {
  const { list, asked } = listing({ pages: three });
  const request = create(ListUsersRequestSchema, { pageSize: 2, usernamePrefix: "x" });
  for (const one of [list(request), list({ pageSize: 2, usernamePrefix: "x" })]) {
    expect(await collect(one)).toEqual({ ids: ["a", "b", "c"] });
    expect(await collect(one)).toEqual({ ids: ["a", "b", "c"] });
  }
  expect(request.pageToken).toBe("");
  expect(asked().map(({ pageSize, usernamePrefix }) => [pageSize, usernamePrefix])).toEqual(
    Array.from({ length: 12 }, () => [2, "x"]),
  );
});

test("a listing starts where it is told", async () => {
  const { list, asked } = listing({ pages: three });
  expect(await collect(list({ pageToken: "three" }))).toEqual({ ids: ["c"] });
  expect(asked()).toHaveLength(1);
});

test("no more pages are fetched than are used", async () => {
  const { list, asked } = listing({ pages: three });
  expect(await collect(list(), 2)).toEqual({ ids: ["a", "b"] });
  expect(asked()).toHaveLength(1);
});

test("a failure ends a listing, and so does the caller's signal", async () => {
  const { list } = listing({
    pages: three,
    answer: (n) => (n === 2 ? refused(Code.InvalidArgument, "PAGE_TOKEN_INVALID") : undefined),
  });
  const { ids, error } = await collect(list());
  expect([ids, reason(error)]).toEqual([["a", "b"], "PAGE_TOKEN_INVALID"]);

  const ended = await collect(listing({ pages: three }).list({}, { signal: AbortSignal.abort() }));
  expect(ended).toMatchObject({ ids: [], error: { code: Code.Canceled } });
});

test("a listing does not turn in a circle", async () => {
  const { list } = listing({ pages: { "": page("two", "a"), two: page("two", "b") } });
  const { ids, error } = await collect(list(), 10);
  expect([ids, String(error)]).toEqual([["a", "b"], "Error: the server gave the same page token again"]);
});
