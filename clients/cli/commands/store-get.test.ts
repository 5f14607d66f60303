import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import { TenantKeySchema } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { tenants } from "../../../services/admin/collections.ts";
import { allCollections } from "../../../services/assembly/data.ts";
import { passwords, users } from "../../../services/identity/collections.ts";
import { sessions } from "../../../services/session/collections.ts";
import { recordRow } from "../../../services/store/bulk-rows.ts";
import { openStore } from "../../../services/store/open-store.ts";
import { vaultTenantKeys } from "../../../services/vault/collections.ts";
import { commands } from "../commands.ts";
import { runCommand } from "../run-command.ts";

const later = Date.UTC(2100, 0, 1);
let folder = "";
let url = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-get-"));
  url = `sqlite:${join(folder, "koder-id.db")}`;
  const store = await openStore({ url, collections: allCollections, clock: Date.now });
  const bulk = store.bulk();
  const tenant = (id: string, slug: string) => recordRow(tenants, "system", create(TenantSchema, { id, slug }));
  await bulk.insert("admin_tenants", [tenant("t1", "default"), tenant("t2", "acme")]);
  const user = (id: string) => recordRow(users, "t1", create(UserSchema, { id, username: id, address: {} }), 4);
  await bulk.insert("identity_users", ["alice", "bob", "carol"].map(user));
  const phc = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
  await bulk.insert("identity_passwords", [recordRow(passwords, "t2", create(PasswordSchema, { userId: "eve", phc }))]);
  const session = create(SessionSchema, {
    id: "s",
    tokenHash: "the-token-hash",
    userId: "alice",
    expireTime: timestampFromMs(later),
  });
  await bulk.insert("session_sessions", [recordRow(sessions, "t1", session)]);
  const wrappedKey = Buffer.from("wrapped");
  const tenantKey = create(TenantKeySchema, { tenantId: "t1", version: 1, masterKeyId: "m", wrappedKey });
  await bulk.insert("vault_tenant_keys", [recordRow(vaultTenantKeys, "system", tenantKey)]);
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(command: string, ...args: readonly string[]) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await runCommand(commands, ["store", command, ...args], {
    env: { KODER_ID_DATA: folder },
    out,
    err,
  });
  out.end();
  err.end();
  return { code, out: await text(out), err: await text(err) };
}

describe("store get", () => {
  test("shows a record to people, of the server's own store and the default tenant", async () => {
    const { code, out } = await run("get", "identity_users", "alice");
    expect(code).toBe(0);
    expect(out).toContain(
      "collection  identity_users\ntenant      t1\nid          alice\nversion     4\nexpires     never\n",
    );
    expect(JSON.parse(out.slice(out.indexOf("{")))).toMatchObject({ id: "alice", username: "alice", address: {} });
  });

  test("gives JSON, with the expiry, and of another tenant by slug or id", async () => {
    const session = await run("get", "session_sessions", "s", "--json", "--store", url);
    expect(JSON.parse(session.out)).toEqual({
      collection: "session_sessions",
      tenant: "t1",
      id: "s",
      version: 1,
      // Kept for a week beyond its time, so that whoever tells of its end finds it.
      expires: "2100-01-08T00:00:00.000Z",
      unknown_fields: 0,
      record: { id: "s", token_hash: "[hidden]", user_id: "alice", expire_time: "2100-01-01T00:00:00Z" },
    });
    for (const tenant of ["acme", "t2"]) {
      expect((await run("get", "identity_passwords", "eve", "--tenant", tenant)).code).toBe(0);
    }
    expect((await run("get", "vault_tenant_keys", "t1/1", "--tenant", "system")).code).toBe(0);
  });

  test.each([
    ["a password's hash", ["identity_passwords", "eve", "--tenant", "acme"], "argon2id"],
    ["a token's hash", ["session_sessions", "s"], "the-token-hash"],
    ["a wrapped key", ["vault_tenant_keys", "t1/1", "--tenant", "system"], Buffer.from("wrapped").toString("base64")],
  ])("A21: keeps %s back unless it is asked for", async (_what, args, secret) => {
    for (const more of [[], ["--json"]]) {
      const { code, out, err } = await run("get", ...args, ...more);
      expect(code).toBe(0);
      expect(out).toContain("[hidden]");
      expect(`${out}${err}`).not.toContain(secret);
      expect((await run("get", ...args, ...more, "--reveal")).out).toContain(secret);
    }
  });

  test("what is not there is said in a sentence", async () => {
    const nobody = await run("get", "identity_users", "nobody");
    expect([nobody.code, nobody.err]).toEqual([
      1,
      "koder-id store get: identity_users has no record nobody of the tenant t1, or it has expired\n",
    ]);
    expect((await run("get", "identity_users", "alice", "--tenant", "acme")).code).toBe(1);
    expect((await run("get", "identity_users", "alice", "--tenant", "none")).err).toContain("there is no tenant none");
    const unknown = await run("get", "identity_user", "alice");
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("there is no collection identity_user; did you mean identity_users?");
    expect(unknown.err).toContain("admin_tenants");
    expect((await run("get", "people", "alice")).err).toContain(
      "there is no collection people. There are admin_api_keys,",
    );
    expect((await run("get", "identity_users")).err).toContain("the id of the record is missing");
    expect((await run("get", "identity_users", "alice", "--store", "sqlite:/nowhere/x.db")).err).toContain(
      "there is no store at sqlite:/nowhere/x.db",
    );
  });
});

describe("store list", () => {
  test("lists ids, page by page", async () => {
    const { code, out, err } = await run("list", "identity_users", "--limit", "2");
    expect([code, out, err]).toEqual([
      0,
      "id     version  expires\nalice        4  never\nbob          4  never\n",
      "There are more: --after bob\n",
    ]);
    const rest = await run("list", "identity_users", "--limit", "2", "--after", "bob", "--json");
    expect(JSON.parse(rest.out)).toEqual({ records: [{ id: "carol", version: 4, expires: null }] });
  });

  test("refuses a limit that is none", async () => {
    expect((await run("list", "identity_users", "--limit", "0")).err).toContain("--limit must be 1 to 1000");
  });
});
