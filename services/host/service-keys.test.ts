import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPairSync } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { createServiceTokenIssuer, createServiceTokenVerifier } from "../vault/service-token.ts";
import { serviceNames } from "./call.ts";
import {
  createServiceKeys,
  loadServiceKeys,
  makeServiceKeys,
  readServiceKeys,
  writeServiceKeys,
  type ServiceKeys,
  type WrittenServiceKeys,
} from "./service-keys.ts";

async function folder(): Promise<string> {
  const made = mkdtempSync(join(tmpdir(), "koder-id-keys-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  await createServiceKeys(made, serviceNames);
  return made;
}
const clock = () => 1_000_000;
const method = "koder.session.v1.GrantService/RedeemCode";

/** Whether what oauth signs with its keys is good to a session service with others. */
function understood(oauth: ServiceKeys, session: ServiceKeys): boolean {
  const privateKey = oauth.privateKeys.get("oauth");
  if (privateKey === undefined) throw new Error("no key");
  const token = createServiceTokenIssuer({ service: "oauth", privateKey, clock })({
    audience: "session",
    method,
    tenantId: "t",
  });
  const verify = createServiceTokenVerifier({ keys: session.publicKeys, audience: "session", clock });
  return verify(token, method)?.service === "oauth";
}

test("processes that read one folder understand one another, and each has its own private keys only", async () => {
  const keys = await folder();
  const [oauth, session] = [await loadServiceKeys(keys, ["oauth"]), await loadServiceKeys(keys, ["session"])];
  expect([...oauth.privateKeys.keys()]).toEqual(["oauth"]);
  expect(understood(oauth, session)).toBe(true);
  expect(understood(makeServiceKeys(), session)).toBe(false);
  for (const name of serviceNames) expect(statSync(join(keys, `${name}.key`)).mode & 0o777).toBe(0o600);
});

test("a key is replaced while others run: old and new are understood once the public keys were read again", async () => {
  const keys = await folder();
  const [before, session] = [await loadServiceKeys(keys, ["oauth"]), await loadServiceKeys(keys, ["session"])];
  await createServiceKeys(keys, ["oauth"]);
  const after = await loadServiceKeys(keys, ["oauth"]);
  expect(understood(after, session)).toBe(false);
  await session.reload();
  expect([understood(before, session), understood(after, session)]).toEqual([true, true]);
  await createServiceKeys(keys, ["oauth"]);
  await session.reload();
  expect([understood(before, session), understood(after, session)]).toEqual([false, true]);
});

test.each<[string, (keys: string) => void, RegExp]>([
  [
    "is missing",
    (keys) => rmSync(join(keys, "oauth.key")),
    /oauth\.key cannot be read: .* koder-id service-keys create/,
  ],
  ["is open to others", (keys) => chmodSync(join(keys, "oauth.key"), 0o640), /oauth\.key is open to others/],
  ["is no key", (keys) => writeFileSync(join(keys, "oauth.key"), "sesame"), /oauth\.key is not an Ed25519 key in PEM$/],
  [
    "is of another kind",
    (keys) => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      writeFileSync(join(keys, "oauth.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
    },
    /oauth\.key is not an Ed25519 key in PEM$/,
  ],
  [
    "belongs to nobody",
    (keys) => writeFileSync(join(keys, "oauth.pub"), readFileSync(join(keys, "auth.pub"))),
    /oauth\.key belongs to none of the keys in oauth\.pub/,
  ],
  ["has an empty public half", (keys) => writeFileSync(join(keys, "auth.pub"), ""), /auth\.pub holds no public key/],
])("a key that %s stops the start with a sentence that names it", async (_name, spoil, sentence) => {
  const keys = await folder();
  spoil(keys);
  await expect(loadServiceKeys(keys, ["oauth"])).rejects.toThrow(sentence);
});

test("keys handed to another process are the same keys", () => {
  const made = makeServiceKeys();
  const written: unknown = JSON.parse(JSON.stringify(writeServiceKeys(made)));
  const read = readServiceKeys(written as WrittenServiceKeys);
  expect([understood(made, read), understood(read, made)]).toEqual([true, true]);
  expect([...read.privateKeys.keys()]).toEqual([...serviceNames]);
});
