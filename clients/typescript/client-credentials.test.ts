import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { failureOf, fakeUsers, guardedUsers, refused, withoutPauses } from "../core/fake-users.ts";
import { defaultRetries } from "../core/retry-policy.ts";
import { createClientCredentials, type ClientCredentials } from "./client-credentials.ts";
import { TokenError } from "./token-error.ts";

const never = new AbortController().signal;
const json = (body: unknown, init?: ResponseInit) => new Response(JSON.stringify(body), init);
const token = (n: number, more: object = { expires_in: 900 }) =>
  json({ access_token: `token-${n}`, token_type: "Bearer", ...more });

/** A source over an endpoint that answers as a test says, else with token-1, token-2 and so on. */
function source(
  answer: (n: number, request: Request) => Response | Promise<Response> = (n) => token(n),
  change: Partial<ClientCredentials> = {},
) {
  const asked: Request[] = [];
  const pauses: number[] = [];
  let now = 0;
  const credentials = createClientCredentials(
    { origin: "https://id.example.com", clientId: "robot", clientSecret: "s3cret", ...change },
    {
      fetch: async (url, init) => {
        const request = new Request(url, init);
        asked.push(request);
        return answer(asked.length, request);
      },
      clock: () => now,
      retries: withoutPauses(defaultRetries, pauses),
    },
  );
  return { ...credentials, asked, pauses, pass: (ms: number) => void (now += ms) };
}

test("the request is that of the standard", async () => {
  const change = { clientId: "robot~1", clientSecret: "a:b c%+é", scope: "users.read users.write" };
  const basic = source(undefined, change);
  expect(await basic.token(never)).toBe("token-1");
  const [request] = basic.asked;
  expect([request?.method, request?.url]).toEqual(["POST", "https://id.example.com/oauth/v2/token"]);
  const pair = Buffer.from(request?.headers.get("authorization")?.slice("Basic ".length) ?? "", "base64").toString();
  expect(pair).toBe("robot%7E1:a%3Ab+c%25%2B%C3%A9");
  expect(await request?.text()).toBe("grant_type=client_credentials&scope=users.read+users.write");

  const inBody = source(undefined, { secretInBody: true });
  await inBody.token(never);
  expect(inBody.asked[0]?.headers.has("authorization")).toBe(false);
  expect(await inBody.asked[0]?.text()).toBe("grant_type=client_credentials&client_id=robot&client_secret=s3cret");
});

test("the token is kept until shortly before it expires", async () => {
  const { token: get, pass } = source();
  expect(await get(never)).toBe("token-1");
  pass(14 * 60_000 - 1);
  expect(await get(never)).toBe("token-1");
  pass(1); // a minute before the end
  expect([await get(never), await get(never)]).toEqual(["token-2", "token-2"]);
});

test("a short life is used to four fifths", async () => {
  const { token: get, pass } = source((n) => token(n, { expires_in: 10 }));
  await get(never);
  pass(7_999);
  expect(await get(never)).toBe("token-1");
  pass(1);
  expect(await get(never)).toBe("token-2");
});

test("a forgotten token is replaced, and late news of it changes nothing", async () => {
  const { token: get, forget, asked } = source();
  expect(await get(never)).toBe("token-1");
  forget("token-1");
  expect(await get(never)).toBe("token-2");
  forget("token-1");
  expect(await get(never)).toBe("token-2");
  expect(asked).toHaveLength(2);
});

test("one request serves all who wait, and outlives the call that began it", async () => {
  const release = Promise.withResolvers<void>();
  const { token: get, asked } = source(async (n) => {
    await release.promise;
    return token(n);
  });
  const controller = new AbortController();
  const first = Promise.resolve(get(controller.signal));
  const others = Array.from({ length: 50 }, async () => get(never));
  controller.abort();
  await expect(first).rejects.toMatchObject({ code: Code.Canceled });
  release.resolve();
  expect(new Set(await Promise.all(others))).toEqual(new Set(["token-1"]));
  expect(asked).toHaveLength(1);
});

test("a request that nobody waits for any more may fail without anybody hearing of it", async () => {
  const { token: get } = source((n) => (n === 1 ? json({ error: "invalid_client" }, { status: 401 }) : token(n)));
  await expect(get(AbortSignal.abort())).rejects.toMatchObject({ code: Code.Canceled });
  // An unhandled rejection would fail this run.
  await expect.poll(async () => get(never)).toBe("token-2");
});

test.each([
  ["503", () => new Response("", { status: 503, headers: { "retry-after": "2" } }), 2_050],
  ["429", () => json({ error: "slow_down" }, { status: 429 }), 50],
  ["no connection", () => Promise.reject(new TypeError("fetch failed")), 50],
  ["a broken body", () => new Response(new ReadableStream({ start: (body) => body.error(new Error("reset")) })), 50],
])("the endpoint is asked again while it is away: %s", async (_name, failing, pause) => {
  const { token: get, pauses } = source((n) => (n === 1 ? failing() : token(n)));
  expect(await get(never)).toBe("token-2");
  expect(pauses).toEqual([pause]);
});

test("a refusal is typed, not repeated, and not remembered", async () => {
  const credentials = source((n) =>
    n === 1 ? json({ error: "invalid_client", error_description: "who is that" }, { status: 401 }) : token(n),
  );
  const fake = fakeUsers();
  const { users } = guardedUsers(fake, { tokenSource: credentials });
  const error = await failureOf(users.getUser({ userId: "me" }));
  expect(error.code).toBe(Code.Unauthenticated);
  expect(error.cause).toBeInstanceOf(TokenError);
  expect(error.cause).toMatchObject({ status: 401, code: "invalid_client", description: "who is that" });
  expect(error.message).not.toContain("s3cret");
  expect([credentials.asked.length, fake.arrived.length]).toEqual([1, 0]);
  // An operator may have put it right.
  await users.getUser({ userId: "me" });
});

test.each([
  ["", "access_token"],
  ["null", "access_token"],
  ['{"access_token":"secret-token', "access_token"],
  ['{"access_token":7}', "access_token"],
  ['{"token_type":"Bearer"}', "access_token"],
  ['{"access_token":"secret-token"}', "token_type"],
  ['{"access_token":"secret-token","token_type":"N_A"}', "token_type"],
])("an answer that is no token is an error that shows nothing of it: %s", async (body, named) => {
  const { token: get } = source(() => new Response(body));
  const error: unknown = await Promise.resolve(get(never)).catch((caught: unknown) => caught);
  expect(String(error)).toContain(named);
  expect(String(error)).not.toContain("secret-token");
});

test.each([{}, { expires_in: 0 }, { expires_in: -5 }, { expires_in: "900" }])(
  "a token without a lifetime is not kept: %o",
  async (more) => {
    const { token: get } = source((n) => json({ access_token: `token-${n}`, token_type: "bearer", ...more }));
    expect([await get(never), await get(never)]).toEqual(["token-1", "token-2"]);
  },
);

test("everything that cannot be right is named at once", () => {
  const make = () => source(undefined, { origin: "http://id.example.com", clientId: "", clientSecret: "" });
  for (const field of [/^origin: /m, /^clientId: /m, /^clientSecret: /m]) expect(make).toThrow(field);
});

test("a call signs in again when its token is refused", async () => {
  const fake = fakeUsers({
    answer: (_n, { header }) =>
      header.get("authorization") === "Bearer token-1"
        ? refused(Code.Unauthenticated, "CREDENTIAL_INVALID")
        : undefined,
  });
  const { users } = guardedUsers(fake, { tokenSource: source() });
  await users.getUser({ userId: "me" });
  await users.getUser({ userId: "me" });
  expect(fake.arrived).toHaveLength(3);
});

test("an endpoint that gives no answer is not waited for beyond the call's deadline", async () => {
  const credentials = source(() => new Promise<Response>(() => {}));
  const { users } = guardedUsers(fakeUsers(), { tokenSource: credentials, timeoutMs: 20 });
  const error = await failureOf(users.getUser({ userId: "me" }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.code).toBe(Code.DeadlineExceeded);
});
