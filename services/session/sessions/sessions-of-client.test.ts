import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ListSessionsRequestSchema, RevokeSessionsRequestSchema } from "#gen/koder/session/v1/session_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { sessionFixture } from "../session-fixture.ts";
import { listSessions } from "./list-sessions.ts";
import { revokeSessions } from "./revoke-sessions.ts";

const [anna, bert] = ["01JANNA0000000000000000000", "01JBERT0000000000000000000"];
const administrator: Partial<Call> = { tenantId: "t1" };

async function fixture() {
  const f = await sessionFixture();
  /** A session of somebody, signed in to these clients; answers its id. */
  async function signedIn(person: string, ...clientIds: readonly string[]): Promise<string> {
    f.advance(1_000);
    const { session } = await f.signIn(0n, "", person);
    const id = session?.id ?? "";
    for (const clientId of clientIds) {
      const { outcome } = await f.codeOf(id, ["openid"], { clientId });
      if (outcome.case !== "code") throw new Error("no code was issued");
      await f.redeem(outcome.value, { clientId });
    }
    return id;
  }
  const list = async (init: MessageInitShape<typeof ListSessionsRequestSchema>, call = administrator) =>
    listSessions(f.dependencies)(create(ListSessionsRequestSchema, init), handlerContext(call));
  async function all(init: MessageInitShape<typeof ListSessionsRequestSchema>, call = administrator) {
    const ids: string[] = [];
    let pageToken = "";
    do {
      const page = await list({ ...init, pageToken }, call);
      ids.push(...page.sessions.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return ids;
  }
  const revoke = async (init: MessageInitShape<typeof RevokeSessionsRequestSchema>, call = administrator) =>
    revokeSessions(f.dependencies)(create(RevokeSessionsRequestSchema, init), handlerContext(call));
  return { ...f, signedIn, list, all, revoke };
}

test("sessions of a client, of a user, of both, newest first, whatever the size of a page", async () => {
  const { signedIn, all } = await fixture();
  const one = await signedIn(anna, "shop", "mail");
  const two = await signedIn(bert, "shop");
  const three = await signedIn(anna, "mail");
  const four = await signedIn(anna);
  for (const pageSize of [1, 2, 50]) {
    expect(await all({ pageSize })).toEqual([four, three, two, one]);
    expect(await all({ pageSize, clientId: "shop" })).toEqual([two, one]);
    expect(await all({ pageSize, clientId: "mail" })).toEqual([three, one]);
    expect(await all({ pageSize, clientId: "shop", userId: anna })).toEqual([one]);
    expect(await all({ pageSize, userId: anna })).toEqual([four, three, one]);
    expect(await all({ pageSize, clientId: "sho" })).toEqual([]);
  }
  expect(await all({ clientId: "shop" }, { tenantId: "t2" })).toEqual([]);
});

test("what has ended is in no list, though it is known to whom it had signed in", async () => {
  const f = await fixture();
  const { signedIn, all, revoke } = f;
  const [one, two] = [await signedIn(anna, "shop"), await signedIn(bert, "shop")];
  expect(await revoke({ userId: anna })).toMatchObject({ ended: 1, nextPageToken: "" });
  expect(await all({ clientId: "shop" })).toEqual([two]);
  expect(await revoke({ userId: anna, clientId: "shop" })).toMatchObject({ ended: 0 });
  f.advance(400 * 86_400_000);
  expect(await all({ clientId: "shop" })).toEqual([]);
  expect(one).not.toBe(two);
});

test("A14: a page at a call, those of the filter only, and none of another tenant", async () => {
  const { signedIn, all, revoke } = await fixture();
  const mail = await signedIn(anna, "mail");
  for (let at = 0; at < 5; at += 1) await signedIn(at % 2 === 0 ? anna : bert, "shop");
  expect(await revoke({ clientId: "shop" }, { tenantId: "t2" })).toMatchObject({ ended: 0, nextPageToken: "" });
  let [ended, calls, pageToken] = [0, 0, ""];
  do {
    const answer = await revoke({ clientId: "shop", pageSize: 2, pageToken });
    ended += answer.ended;
    calls += 1;
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
  expect(ended).toBe(5);
  expect(calls).toBeGreaterThan(1);
  expect(await all({})).toEqual([mail]);
});

test("A22: a page token is its own filter's, and that of a list revokes nothing", async () => {
  const { signedIn, list, revoke, all } = await fixture();
  for (let at = 0; at < 3; at += 1) await signedIn(anna, "shop", "mail");
  const { nextPageToken: pageToken } = await list({ clientId: "shop", pageSize: 1 });
  expect(await reasonOf(list({ clientId: "mail", pageToken }))).toBe("PAGE_TOKEN_INVALID");
  expect(await reasonOf(list({ userId: anna, pageToken }))).toBe("PAGE_TOKEN_INVALID");
  expect(await reasonOf(revoke({ clientId: "shop", pageToken }))).toBe("PAGE_TOKEN_INVALID");
  expect(await all({})).toHaveLength(3);
});
