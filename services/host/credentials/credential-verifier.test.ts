import { createHmac } from "node:crypto";
import { create, type DescMethod, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ApiKeyVerificationService,
  type VerifyApiKeyRequest,
  type VerifyPersonalAccessTokenRequest,
} from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { MetadataService } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import { generateSigningKey, type SigningKey } from "../../vault/signing-key.ts";
import { outboundKey } from "../call.ts";
import { failure } from "../failure.ts";
import { errorInfoOf } from "../interceptors/error-mapping.ts";
import { DpopRefused } from "../dpop/dpop-refused.ts";
import type { DpopVerifier } from "../dpop/dpop-verifier.ts";
import { createPeers } from "../peers.ts";
import type { Tenants } from "../tenants.ts";
import { testCall } from "../testing/handler-context.ts";
import { createCredentialVerifier } from "./credential-verifier.ts";

const tenantId = "01JTENANT00000000000000000";
const otherTenantId = "01JZTHER000000000000000000";
const suspendedId = "01JSVSPENDED00000000000000";
const userId = "01JPERSN000000000000000000";
const origin = "https://id.example";
const goodKey = "kak_good";
const goodPat = "kpat_good";
/** A slug that has the form of an id. */
const aliasId = "01JAXAS0000000000000000000";
/** A key of the tenant that was suspended. */
const idleKey = "kak_idle";

let signer: SigningKey;
let nextSigner: SigningKey;
let stranger: SigningKey;
beforeAll(async () => {
  [signer, nextSigner, stranger] = await Promise.all([
    generateSigningKey("ES256"),
    generateSigningKey("EdDSA"),
    generateSigningKey("ES256"),
  ]);
});

let now: number;
/** What the other services hold, as a test changes it. */
let peersState: {
  published: SigningKey[];
  active: boolean;
  userActive: boolean;
  instance: boolean;
  permissions: string[];
  /** The method that fails as a peer does that is away. */
  away: DescMethod | undefined;
  directoryAway: boolean;
};
let asked: { readonly method: string; readonly tenantId: string | undefined; readonly input: unknown }[];
let forget: ReturnType<typeof createCredentialVerifier>["forget"];
let verify: (
  authorization: string,
  proof?: string,
) => ReturnType<ReturnType<typeof createCredentialVerifier>["verify"]>;

beforeEach(() => {
  now = 1_700_000_000_000;
  asked = [];
  peersState = {
    published: [signer],
    active: true,
    userActive: true,
    instance: false,
    permissions: [],
    away: undefined,
    directoryAway: false,
  };

  const answers = new Map<DescMethod, (input: unknown) => object>([
    [
      MetadataService.method.getKeys,
      () => ({
        keys: peersState.published.map(({ kid, alg, publicJwk }) => ({ ...publicJwk, kid, alg, use: "sig" })),
      }),
    ],
    [RevocationService.method.checkToken, () => ({ active: peersState.active, userId })],
    [
      CredentialService.method.getAuthority,
      () => ({ permissions: peersState.permissions, instance: peersState.instance, active: peersState.userActive }),
    ],
    [
      ApiKeyVerificationService.method.verifyPersonalAccessToken,
      (input) => {
        const { token } = input as VerifyPersonalAccessTokenRequest;
        return token === goodPat ? { active: true, tenantId, userId, scopes: ["users.read"] } : { active: false };
      },
    ],
    [
      ApiKeyVerificationService.method.verifyApiKey,
      (input) => {
        const { apiKey } = input as VerifyApiKeyRequest;
        // As the real one's validation does.
        if (apiKey.length > 256) throw failure(ErrorReason.INVALID_REQUEST, "api_key: is too long");
        if (apiKey !== goodKey && apiKey !== idleKey) return { active: false };
        const of = apiKey === goodKey ? tenantId : suspendedId;
        return { active: true, tenantId: of, apiKeyId: "k", permissions: ["users.read"] };
      },
    ],
  ]);
  const transport = {
    async unary(method, _signal, _timeoutMs, _header, input, contextValues) {
      asked.push({ method: method.name, tenantId: contextValues?.get(outboundKey)?.tenantId, input });
      if (method === peersState.away) throw failure(ErrorReason.UNAVAILABLE, "away", { retryAfter: 1 });
      const answer = answers.get(method)?.(input);
      if (answer === undefined) throw new ConnectError(`nobody answers ${method.name}`, Code.Unimplemented);
      const headers = { header: new Headers(), trailer: new Headers() };
      const message = create(method.output, answer as MessageInitShape<typeof method.output>);
      return { stream: false, service: method.parent, method, ...headers, message };
    },
    stream: () => Promise.reject(new Error("no streams here")),
  } as Transport;
  const lookup: Tenants["lookup"] = async (_work, id) => {
    if (peersState.directoryAway) throw failure(ErrorReason.UNAVAILABLE, "away", { retryAfter: 1 });
    if (id === aliasId) return create(TenantSchema, { id: tenantId, active: true, canonicalOrigin: origin });
    if (id !== tenantId && id !== otherTenantId) throw failure(ErrorReason.TENANT_NOT_FOUND, "no such tenant");
    return create(TenantSchema, { id, active: true, canonicalOrigin: id === tenantId ? origin : "https://b.example" });
  };
  const verifier = createCredentialVerifier({
    peers: createPeers(() => transport),
    tenants: { lookup, get: (call) => lookup(call, call.tenantId) },
    dpop,
    clock: () => now,
  });
  forget = verifier.forget;
  verify = (authorization, proof = "") =>
    verifier.verify(authorization, testCall({ tenantId: "system" }), { proof, method: "GET", path: "/v1/users/me" });
});

/** Stands for DPoP proofs, which have tests of their own: the one of a key is its thumbprint. */
const dpop: DpopVerifier = {
  async check(_call, proof, { method, url }) {
    expect([method, url]).toEqual(["GET", `${origin}/v1/users/me`]);
    if (proof === "without a nonce")
      throw new DpopRefused("use_dpop_nonce", "the DPoP proof needs the nonce of DPoP-Nonce");
    return { jkt: proof, jti: "j", expiresAt: now };
  },
  use: () => Promise.resolve(),
  nonce: async ({ tenantId: of }) => `nonce of ${of}`,
};

const userClaims = () => ({
  iss: origin,
  aud: origin,
  sub: userId,
  client_id: "app",
  scope: "openid users.read",
  exp: now / 1000 + 900,
  iat: now / 1000,
  jti: "j",
  sid: "s",
  tenant_id: tenantId,
  auth_time: now / 1000 - 60,
  gid: "01JGRANT000000000000000000",
});
const bearer = async (claims: object = userClaims(), key = signer, typ = "at+jwt") =>
  `Bearer ${await signJwt(key, { typ }, claims)}`;
const reasonOf = async (authorization: string) => {
  const error: unknown = await verify(authorization).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error === undefined
    ? "ok"
    : (errorInfoOf(ConnectError.from(error))?.reason ?? ConnectError.from(error).message);
};
const timesAsked = (name: string) => asked.filter(({ method }) => method === name).length;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a personal access token", () => {
  test("speaks for its owner within its scopes, as one who did not sign in just now", async () => {
    peersState.permissions = ["users.read", "users.write"];
    const { caller, tenantId: of } = await verify(`Bearer ${goodPat}`);
    expect([of, caller]).toEqual([
      tenantId,
      {
        kind: "user",
        userId,
        clientId: "",
        sessionId: "",
        scopes: new Set(["users.read", "account.read", "account.write"]),
        permissions: new Set(["users.read", "users.write"]),
        instance: false,
        authTime: 0,
      },
    ]);
  });

  test("is refused when it is unknown, too long, or its owner may not sign in", async () => {
    for (const token of ["kpat_other", `kpat_${"a".repeat(300)}`]) {
      expect(await reasonOf(`Bearer ${token}`)).toBe("CREDENTIAL_INVALID");
    }
    peersState.userActive = false;
    expect(await reasonOf(`Bearer ${goodPat}`)).toBe("CREDENTIAL_INVALID");
    expect(await reasonOf(`DPoP ${goodPat}`)).toBe("CREDENTIAL_INVALID");
  });
});

describe("an access token", () => {
  test("of a person proves who, through which application, with which scope and rights", async () => {
    peersState.permissions = ["users.read", "users.write"];
    expect(await verify(await bearer())).toEqual({
      tenantId,
      caller: {
        kind: "user",
        userId,
        clientId: "app",
        firstParty: false,
        sessionId: "s",
        scopes: new Set(["openid", "users.read"]),
        permissions: new Set(["users.read", "users.write"]),
        instance: false,
        authTime: now / 1000 - 60,
      },
    });
    expect(new Set(asked.map((one) => one.tenantId))).toEqual(new Set([tenantId]));
  });

  test("of a person without permissions for the house's own application is for their account, too", async () => {
    const scopesOf = async (more: object) => {
      const { caller } = await verify(await bearer({ ...userClaims(), ...more }));
      return caller.kind === "user" ? [...caller.scopes] : [];
    };
    expect(await scopesOf({ first_party: true })).toEqual(["openid", "users.read", "account.read", "account.write"]);
    for (const other of [{}, { first_party: false }, { first_party: "true" }, { first_party: 1 }]) {
      expect(await scopesOf(other), JSON.stringify(other)).toEqual(["openid", "users.read"]);
    }
  });

  test.each([
    ["A14: of somebody who administers", { permissions: ["clients.read"] }],
    ["A14: of somebody who may do more in an application", { permissions: ["posts.write"] }],
    ["A32: of the instance's owner", { instance: true }],
  ])("%s changes their account only where its scope says so", async (_whose, held) => {
    Object.assign(peersState, held);
    const scopesOf = async (scope: string) => {
      const { caller } = await verify(await bearer({ ...userClaims(), first_party: true, scope }));
      return caller.kind === "user" ? [...caller.scopes] : [];
    };
    expect(await scopesOf("openid")).toEqual(["openid", "account.read"]);
    expect(await scopesOf("openid account.write")).toEqual(["openid", "account.write", "account.read"]);
  });

  test.each([
    ["what its roles and its scope both name", ["users.read", "users.write"], ["users.read"]],
    ["its scope, where its roles permit everything", ["*"], ["users.read", "openid"]],
    ["nothing, without a role", [], []],
  ])(
    "of a program proves which, permits %s, and is asked for by its client's epoch",
    async (_what, held, permitted) => {
      peersState.permissions = held;
      const { gid: _gid, sid: _sid, auth_time: _authTime, ...claims } = userClaims();
      const { caller } = await verify(await bearer({ ...claims, sub: "app", epoch: 7 }));
      expect(caller).toEqual({
        kind: "client",
        clientId: "app",
        apiKeyId: undefined,
        permissions: new Set(permitted),
        instance: false,
      });
      expect(asked.slice(-2)).toMatchObject([
        { method: "CheckToken", input: { clientId: "app", grantId: "", clientEpoch: 7n, jti: "j" } },
        { method: "GetAuthority", tenantId, input: { clientId: "app" } },
      ]);
    },
  );

  test("A3: is asked about at every use, whatever is remembered of its signature", async () => {
    const authorization = await bearer();
    await verify(authorization);
    await verify(authorization);
    expect([timesAsked("GetKeys"), timesAsked("CheckToken"), timesAsked("GetAuthority")]).toEqual([1, 2, 2]);
    peersState.active = false;
    expect(await reasonOf(authorization)).toBe("CREDENTIAL_INVALID");
  });

  test("A3: signed by a key that was taken away is refused once an event says so, whatever was remembered", async () => {
    const authorization = await bearer();
    expect(await reasonOf(authorization)).toBe("ok");
    peersState.published = [nextSigner];
    const told = (tenant: string, resourceType: string) =>
      forget({ position: 1, number: 1, tenantId: tenant, event: create(EventSchema, { resourceType }) });
    told(otherTenantId, "signing_key");
    told(tenantId, "client");
    expect(await reasonOf(authorization)).toBe("ok");
    told(tenantId, "signing_key");
    expect(await reasonOf(authorization)).toBe("CREDENTIAL_INVALID");
  });

  test("is good until the second that it names, remembered or not", async () => {
    const authorization = await bearer();
    expect(await reasonOf(authorization)).toBe("ok");
    now += 899_999;
    expect(await reasonOf(authorization)).toBe("ok");
    now += 1;
    expect(await reasonOf(authorization)).toBe("CREDENTIAL_INVALID");
  });

  test("A12: forged, altered, of another kind, issuer, audience or tenant is refused before it is asked about", async () => {
    const [head = "", body = "", tail = ""] = (await bearer()).slice("Bearer ".length).split(".");
    const hmac = `${encode({ alg: "HS256", typ: "at+jwt", kid: signer.kid })}.${body}`;
    const secret = JSON.stringify(signer.publicJwk);
    for (const [what, authorization] of Object.entries({
      "another's key": await bearer(userClaims(), stranger),
      "another's key under our kid": await bearer(userClaims(), { ...stranger, kid: signer.kid }),
      "no signature": `Bearer ${encode({ alg: "none", typ: "at+jwt", kid: signer.kid })}.${body}.`,
      "a MAC with the public key": `Bearer ${hmac}.${createHmac("sha256", secret).update(hmac).digest("base64url")}`,
      "an id token": await bearer(userClaims(), signer, "JWT"),
      "altered claims": `Bearer ${head}.${encode({ ...userClaims(), sub: "01JZZZZZZZZZZZZZZZZZZZZZZZ" })}.${tail}`,
      "another issuer": await bearer({ ...userClaims(), iss: "https://b.example" }),
      "another audience": await bearer({ ...userClaims(), aud: "https://api.example" }),
      "another tenant": await bearer({ ...userClaims(), tenant_id: otherTenantId }),
      "a tenant that is not there": await bearer({ ...userClaims(), tenant_id: "01JNBDY0000000000000000000" }),
      "the default tenant by no name": await bearer({ ...userClaims(), tenant_id: "" }),
      "a tenant by its slug": await bearer({ ...userClaims(), tenant_id: "default" }),
      "its tenant by another name": await bearer({ ...userClaims(), tenant_id: aliasId }),
      "no tenant": await bearer({ ...userClaims(), tenant_id: undefined }),
      "from the future": await bearer({ ...userClaims(), iat: now / 1000 + 6 }),
      "no JSON": "Bearer a.b.c",
      null: `Bearer ${head}.${Buffer.from("null").toString("base64url")}.${tail}`,
      "two parts": `Bearer ${head}.${body}`,
    })) {
      expect([what, await reasonOf(authorization)]).toEqual([what, "CREDENTIAL_INVALID"]);
    }
    expect(timesAsked("CheckToken")).toBe(0);
  });

  test("signed by a key that is new is good at once; keys are read anew once a second at most, however many ask", async () => {
    await verify(await bearer());
    peersState.published = [signer, nextSigner];
    const newer = await bearer(userClaims(), nextSigner);
    now += 999;
    expect(await reasonOf(newer)).toBe("CREDENTIAL_INVALID");
    now += 1;
    expect(await reasonOf(newer)).toBe("ok");
    expect(timesAsked("GetKeys")).toBe(2);

    const unknown = await bearer(userClaims(), stranger);
    now += 1_000;
    await Promise.all(Array.from({ length: 50 }, () => reasonOf(unknown)));
    expect(timesAsked("GetKeys")).toBe(3);
  });

  test("signed by a key that is gone is refused within five seconds", async () => {
    const authorization = await bearer();
    await verify(authorization);
    peersState.published = [nextSigner];
    now += 5_000;
    expect(await reasonOf(authorization)).toBe("CREDENTIAL_INVALID");
  });

  test("is not called bad while what proves it is away", async () => {
    const authorization = await bearer();
    peersState.directoryAway = true;
    expect(await reasonOf(authorization)).toBe("UNAVAILABLE");
    peersState.directoryAway = false;
    for (const method of [
      MetadataService.method.getKeys,
      RevocationService.method.checkToken,
      CredentialService.method.getAuthority,
    ]) {
      peersState.away = method;
      expect([method.name, await reasonOf(authorization)]).toEqual([method.name, "UNAVAILABLE"]);
    }
    peersState.away = undefined;
    expect(await reasonOf(authorization)).toBe("ok");
  });
});

describe("an access token that is bound to a key", () => {
  const scheme = async (name: string, claims: object) => (await bearer(claims)).replace("Bearer", name);
  const bound = () => ({ ...userClaims(), cnf: { jkt: "mine" } });

  test("comes by the scheme DPoP, with a proof of that key, and never as Bearer", async () => {
    const token = await scheme("DPoP", bound());
    expect(await verify(token, "mine")).toMatchObject({ caller: { userId } });
    for (const [authorization, proof] of [
      [await bearer(bound()), ""],
      [await bearer(bound()), "mine"],
      [token, ""],
      [token, "another's"],
      [await scheme("DPoP", userClaims()), "mine"],
      [`DPoP ${goodKey}`, "mine"],
    ] as const) {
      await expect(verify(authorization, proof)).rejects.toMatchObject({ code: Code.Unauthenticated });
    }
  });

  test("says in the challenge what was wrong with the proof, and gives a nonce", async () => {
    const error = await verify(await scheme("dpop", bound()), "without a nonce").catch((caught: unknown) => caught);
    const { metadata } = ConnectError.from(error);
    expect(metadata.get("www-authenticate")).toMatch(
      /^DPoP realm="koder-id", algs="RS256 .*", error="use_dpop_nonce"$/,
    );
    expect(metadata.get("dpop-nonce")).toBe(`nonce of ${tenantId}`);
  });
});

describe("an API key", () => {
  test("is asked about at every use, and has its own permissions", async () => {
    const expected = {
      tenantId,
      caller: {
        kind: "client",
        clientId: undefined,
        apiKeyId: "k",
        permissions: new Set(["users.read"]),
        instance: false,
      },
    };
    expect(await verify(`Bearer ${goodKey}`)).toEqual(expected);
    expect(await verify(`bearer   ${goodKey}`)).toEqual(expected);
    expect(timesAsked("VerifyApiKey")).toBe(2);
  });

  test("that is unknown, too long to be one, or of a tenant that does not serve is refused", async () => {
    for (const key of ["kak_", "kak_other", `kak_${"a".repeat(253)}`, `kak_${"a".repeat(8_000)}`, idleKey]) {
      expect([key.slice(0, 12), await reasonOf(`Bearer ${key}`)]).toEqual([key.slice(0, 12), "CREDENTIAL_INVALID"]);
    }
  });
});

test("anything but one bearer credential is refused, and nobody is asked", async () => {
  for (const authorization of [
    "",
    "Bearer",
    "Bearer ",
    `Basic ${goodKey}`,
    goodKey,
    `Bearer ${goodKey} ${goodKey}`,
    `Bearer ${goodKey}, Bearer ${goodKey}`,
    `Bearer ${"a".repeat(16_385)}`,
    `Bearer ${goodKey}\u00e9`,
  ]) {
    expect([authorization.slice(0, 30), await reasonOf(authorization)]).toEqual([
      authorization.slice(0, 30),
      "CREDENTIAL_INVALID",
    ]);
  }
  expect(asked).toEqual([]);
});
