import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { UseProofResponseSchema } from "#gen/koder/session/v1/proof_internal_pb.ts";
import { openStore } from "../../store/open-store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testSigner } from "../../vault/testing/test-signer.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { createPeers } from "../peers.ts";
import { testCall } from "../testing/handler-context.ts";
import { hasPossession } from "./check-possession.ts";
import { createDpopVerifier, type DpopVerifier } from "./dpop-verifier.ts";

const url = "https://id.example/v1/users/me";
const signer = testSigner();
const call = testCall({ tenantId: "t1" });
let now: number;
let used: Set<string>;
let dpop: DpopVerifier;

/** Stands for the session service, whose own tests say what using up is. */
const proofs = {
  async unary(method, _signal, _timeout, _header, input) {
    const { proofId = "" } = input as { proofId?: string };
    const message = create(UseProofResponseSchema, { first: !used.has(proofId) });
    used.add(proofId);
    return { stream: false, service: method.parent, method, header: new Headers(), trailer: new Headers(), message };
  },
  stream: () => Promise.reject(new Error("no streams here")),
} as Transport;

beforeEach(async () => {
  now = 1_700_000_000_000;
  used = new Set();
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  dpop = createDpopVerifier({ vault: testVault(store, clock), peers: createPeers(() => proofs), clock });
});

const proof = (nonce: string | undefined, change: object = {}) =>
  signer.sign(
    { htm: "GET", htu: url, iat: now / 1000, jti: "j", nonce, ...change },
    { typ: "dpop+jwt", jwk: signer.jwk },
  );
const check = (text: string, in_ = call) => dpop.check(in_, text, { method: "GET", url });

describe("nonces", () => {
  test("a proof needs one of ours, of the tenant, of the last five minutes", async () => {
    const nonce = await dpop.nonce(call);
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{56}$/);
    expect(await check(proof(nonce))).toMatchObject({ jti: "j", expiresAt: now + 300_000 });
    const altered = `${nonce.slice(0, 8)}${nonce[8] === "A" ? "B" : "A"}${nonce.slice(9)}`;
    for (const other of [
      undefined,
      "",
      "n",
      altered,
      `${nonce}A`,
      "_".repeat(56),
      await dpop.nonce({ tenantId: "t2" }),
    ]) {
      await expect(check(proof(other))).rejects.toMatchObject({ fault: "use_dpop_nonce" });
    }
    now += 299_000;
    expect(await check(proof(nonce))).toBeDefined();
    now += 1_000;
    await expect(check(proof(nonce))).rejects.toMatchObject({ fault: "use_dpop_nonce" });
    expect(await check(proof(await dpop.nonce(call)))).toBeDefined();
  });

  test("one from the future is of a clock a little ahead, or none", async () => {
    const nonce = await dpop.nonce(call);
    now -= 5_000;
    expect(await check(proof(nonce))).toBeDefined();
    now -= 1;
    await expect(check(proof(nonce))).rejects.toMatchObject({ fault: "use_dpop_nonce" });
  });
});

test("A13: a proof is used once; the same jti of another key is another proof", async () => {
  const checked = await check(proof(await dpop.nonce(call)));
  await dpop.use(call, checked);
  await expect(dpop.use(call, checked)).rejects.toMatchObject({ fault: "invalid_dpop_proof" });
  await dpop.use(call, { ...checked, jkt: "other" });
});

describe("possession", () => {
  const ath = createHash("sha256").update("token").digest("base64url");
  const present = async (claims: object, over: object = {}) =>
    hasPossession(
      dpop,
      call,
      { ...claims },
      {
        accessToken: "token",
        scheme: "dpop",
        proof: proof(await dpop.nonce(call), { ath }),
        method: "GET",
        url,
        ...over,
      },
    );

  test("a bound token comes with a proof of its key; as Bearer it is refused", async () => {
    const { jkt } = await check(proof(await dpop.nonce(call)));
    const bound = { cnf: { jkt } };
    expect(await present(bound)).toBe(true);
    await expect(present(bound)).rejects.toMatchObject({ fault: "invalid_dpop_proof" }); // the same jti
    expect(await present(bound, { scheme: "bearer" })).toBe(false);
    expect(await present(bound, { scheme: "bearer", proof: "" })).toBe(false);
    await expect(present(bound, { proof: "" })).rejects.toMatchObject({ fault: "invalid_dpop_proof" });
    await expect(present({ cnf: { jkt: "other" } })).rejects.toThrow("another key");
    await expect(present(bound, { accessToken: "other" })).rejects.toThrow("ath");
    await expect(present(bound, { method: "POST" })).rejects.toThrow("htm");
  });

  test("a bearer token comes as Bearer, and nothing is looked at", async () => {
    expect(await present({}, { scheme: "bearer", proof: "" })).toBe(true);
    expect(await present({}, { scheme: "dpop" })).toBe(false);
    expect(used.size).toBe(0);
  });

  test("a confirmation that we do not know binds the token to nobody here", async () => {
    for (const cnf of [null, "x", {}, { "x5t#S256": "y" }, { jkt: 1 }]) {
      expect(await present({ cnf }, { scheme: "bearer", proof: "" })).toBe(false);
      await expect(present({ cnf })).rejects.toThrow("another key");
    }
  });
});
