import { create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { readForeignJwt } from "../../vault/foreign-jwt.ts";
import { createClientKeys } from "./client-keys.ts";
import { testSigner, type TestSigner } from "../../vault/testing/test-signer.ts";

const call = { tenantId: "t1" };
const [first, second, nameless] = [testSigner("1"), testSigner("2"), testSigner()];
const signedBy = (signer: TestSigner, header?: object) => readForeignJwt(signer.sign({}, header));

let now: number;
let published: readonly TestSigner[];
let answer: Partial<{ status: number; contentType: string; body: string; fault: OutboundFailed }>;
let fetches: string[];
let waitFor: Promise<void>;
let keys: ReturnType<typeof createClientKeys>;
beforeEach(() => {
  now = 1_000_000;
  published = [first];
  answer = {};
  fetches = [];
  waitFor = Promise.resolve();
  const outbound = {
    async get(url: string) {
      fetches.push(url);
      await waitFor;
      if (answer.fault !== undefined) throw answer.fault;
      const body = answer.body ?? JSON.stringify({ keys: published.map(({ jwk }) => jwk) });
      return { status: 200, contentType: "application/json", ...answer, body: Buffer.from(body) };
    },
    post: () => Promise.reject(new Error("nothing is posted")),
  };
  keys = createClientKeys({ outbound, clock: () => now });
});
const remote = create(ClientSchema, { clientId: "app", jwksUri: "https://app.example/keys" });
const registered = (...signers: TestSigner[]) =>
  create(ClientSchema, { clientId: "app", jwks: JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }) });

describe("registered keys", () => {
  test("are found by kid; a key or a JWT without one is tried", async () => {
    const both = registered(first, second);
    expect(await keys.hasSigned(call, both, signedBy(first))).toBe(true);
    expect(await keys.hasSigned(call, both, signedBy(second, { kid: undefined }))).toBe(true);
    expect(await keys.hasSigned(call, both, signedBy(second, { kid: "1" }))).toBe(false);
    expect(await keys.hasSigned(call, both, signedBy(second, { kid: "3" }))).toBe(false);
    expect(await keys.hasSigned(call, registered(nameless), signedBy(nameless))).toBe(true);
    expect(await keys.hasSigned(call, registered(nameless), signedBy(nameless, { kid: "any" }))).toBe(true);
    expect(await keys.hasSigned(call, registered(), signedBy(first))).toBe(false);
    expect(fetches).toEqual([]);
  });

  test("A12: a key that the JWT brings along is not looked at", async () => {
    const forged = signedBy(second, { kid: "1", jwk: second.jwk, jku: "https://evil.example/keys" });
    expect(await keys.hasSigned(call, registered(first), forged)).toBe(false);
    expect(await keys.hasSigned(call, remote, forged)).toBe(false);
    expect(fetches).toEqual([remote.jwksUri]);
  });
});

describe("keys at a jwks_uri", () => {
  test("are fetched once, and again after five minutes, or when the client changed", async () => {
    await Promise.all(Array.from({ length: 20 }, () => keys.hasSigned(call, remote, signedBy(first))));
    now += 299_999;
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    expect(fetches).toHaveLength(1);
    now += 1;
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    expect(fetches).toHaveLength(2);
    keys.forget("t1", "app");
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    expect(fetches).toHaveLength(3);
    const moved = create(ClientSchema, { clientId: "app", jwksUri: "https://app.example/other" });
    expect(await keys.hasSigned(call, moved, signedBy(first))).toBe(true);
    expect(fetches).toHaveLength(4);
  });

  test("an unknown key makes us fetch again, once a minute for a client", async () => {
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    published = [first, second];
    now += 59_999;
    expect(await keys.hasSigned(call, remote, signedBy(second))).toBe(false);
    now += 1;
    const all = await Promise.all(Array.from({ length: 20 }, () => keys.hasSigned(call, remote, signedBy(second))));
    expect(all).not.toContain(false);
    expect(fetches).toHaveLength(2);
    await Promise.all(Array.from({ length: 20 }, () => keys.hasSigned(call, remote, signedBy(testSigner("x")))));
    expect(fetches).toHaveLength(2);
  });

  test("that are known stay good where a made-up key has us ask a host that does not answer, and are not waited for", async () => {
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    now += 60_000;
    const { promise, resolve } = Promise.withResolvers<void>();
    waitFor = promise;
    answer = { fault: new OutboundFailed("timeout") };
    const madeUp = keys.hasSigned(call, remote, signedBy(testSigner("x")));
    await expect.poll(() => fetches.length).toBe(2);
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    resolve();
    expect(await madeUp).toBe(false);
    answer = { status: 500 };
    expect(await keys.hasSigned(call, remote, signedBy(testSigner("x")))).toBe(false);
    expect(fetches, "once a minute").toHaveLength(2);
    now += 239_999;
    expect(await keys.hasSigned(call, remote, signedBy(testSigner("x")))).toBe(false);
    expect(fetches).toHaveLength(3);
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
    now += 1;
    await expect(keys.hasSigned(call, remote, signedBy(first))).rejects.toThrow("status 500");
  });

  test("a known kid with another signature, or a JWT that a key without kid fits, fetches nothing", async () => {
    await keys.hasSigned(call, remote, signedBy(first));
    now += 60_000;
    expect(await keys.hasSigned(call, remote, signedBy(second, { kid: "1" }))).toBe(false);
    expect(fetches).toHaveLength(1);
  });

  test("that cannot be had are asked for again after ten seconds, and the developer is told why", async () => {
    for (const [change, sentence] of [
      [{ fault: new OutboundFailed("redirect") }, "the host answered with a redirect"],
      [{ status: 404 }, "status 404"],
      [{ contentType: "text/html" }, "content type"],
      [{ body: "{" }, "no JSON Web Key Set"],
      [{ body: "[]" }, "no JSON Web Key Set"],
      [{ body: JSON.stringify({ keys: Array.from({ length: 51 }, () => first.jwk) }) }, "at most 50 keys"],
    ] as const) {
      answer = change;
      fetches = [];
      for (let tries = 0; tries < 5; tries++) {
        await expect(keys.hasSigned(call, remote, signedBy(first))).rejects.toMatchObject({
          code: "invalid_client",
          message: expect.stringContaining(sentence),
        });
      }
      expect(fetches).toHaveLength(1);
      now += 10_000;
    }
    answer = {};
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
  });

  test("that cannot be asked for now are no fault of the client, and are asked for again at once", async () => {
    answer = { fault: new OutboundFailed("busy") };
    const refused: unknown = await keys.hasSigned(call, remote, signedBy(first)).catch((error: unknown) => error);
    if (!(refused instanceof ConnectError)) throw new Error("it was not refused");
    expect([errorInfoOf(refused)?.reason, refused.metadata.get("retry-after")]).toEqual(["OVERLOADED", "5"]);
    answer = {};
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(true);
  });

  test("a private key that was published is nobody's", async () => {
    answer = { body: JSON.stringify({ keys: [{ ...first.jwk, d: "AA" }] }) };
    expect(await keys.hasSigned(call, remote, signedBy(first))).toBe(false);
  });
});
