import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { signingKeys } from "../../services/oauth/collections.ts";
import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import { replace } from "../../services/store/writes.ts";
import { freePort } from "../support/free-port.ts";
import {
  createPerson,
  refresh,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

/** Where each of the servers is, one after the other; nobody else takes it between them. */
const address = { KODER_ID_LISTEN: `127.0.0.1:${await freePort()}` };
let server: RunningServer;
let client: RelyingParty;
let username: string;
beforeAll(async () => {
  server = await startServer({ env: address });
  client = await registerClient(server, {
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
  });
  ({ username } = await createPerson(server));
});
afterAll(() => server?.stop());

const refreshed = async (refreshToken: string) => {
  const { status, json } = await refresh(server, client, refreshToken);
  return { status, error: json["error"], refreshToken: String(json["refresh_token"]) };
};
const ended = { status: 400, error: "invalid_grant" };

describe("A31: what an older copy of the store says wins nothing", () => {
  test("a generation that is ahead of its row, beside it or behind it ends the family", async () => {
    const [ahead, beside, untouched, behind] = [
      await tokensFor(server, client, username),
      await tokensFor(server, client, username),
      await tokensFor(server, client, username),
      await tokensFor(server, client, username),
    ];
    const folder = mkdtempSync(join(tmpdir(), "koder-id-backup-"));
    const dataDir = join(folder, "data");
    mkdirSync(dataDir, { mode: 0o700 });
    const database = new DatabaseSync(join(server.dataDir, "koder-id.db"));
    database.exec(`VACUUM INTO '${join(dataDir, "koder-id.db")}'`);
    database.close();
    copyFileSync(join(server.dataDir, "master-key"), join(dataDir, "master-key"));

    const afterBackup = {
      ahead: await refreshed(ahead.refreshToken),
      beside: await refreshed(beside.refreshToken),
    };
    await server.end();
    const live = server;
    server = await startServer({ dataDir, env: address });
    try {
      // Of a time that the backup knows nothing of.
      expect(await refreshed(afterBackup.ahead.refreshToken)).toMatchObject(ended);
      expect(await refreshed(ahead.refreshToken)).toMatchObject(ended);
      expect(await userinfoStatus(server, ahead.accessToken)).toBe(401);

      // Whoever kept the token before goes on; then the one that came of it in the other time is of the same generation.
      const again = await refreshed(beside.refreshToken);
      expect(again.status).toBe(200);
      expect(again.refreshToken).not.toBe(afterBackup.beside.refreshToken);
      expect(await refreshed(afterBackup.beside.refreshToken)).toMatchObject(ended);
      expect(await refreshed(again.refreshToken)).toMatchObject(ended);

      // Behind the row, by two: a replay.
      const second = await refreshed(behind.refreshToken);
      expect((await refreshed(second.refreshToken)).status).toBe(200);
      expect(await refreshed(behind.refreshToken)).toMatchObject(ended);
      expect(await refreshed(second.refreshToken)).toMatchObject(ended);

      expect((await refreshed(untouched.refreshToken)).status).toBe(200);
    } finally {
      await server.end();
      server = await startServer({ dataDir: live.dataDir, env: address });
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("a sealed signing key opens in its own row only: one that was put into another signs nothing", async () => {
    expect((await rest(server, "POST", "/v1/admin/keys/rotate", {})).status).toBe(200);
    expect((await tokenRequest(server, client, { grant_type: "client_credentials" })).status).toBe(200);
    const { dataDir } = server;
    const start = () => startServer({ dataDir, env: address });
    await server.end();
    await swapSigningKeys(dataDir);
    // Nothing serves, and the place is named: whoever signed on would sign with a key that somebody else chose.
    await expect(start()).rejects.toThrow(/sealed oauth_signing_keys\.sealed_private_key of [\w-]+ .* does not open/);
    await swapSigningKeys(dataDir);
    server = await start();
    expect((await tokenRequest(server, client, { grant_type: "client_credentials" })).status).toBe(200);
  });
});

/** Exchanges the sealed private halves of the key that signs and of the next one, as whoever can write to the database. */
async function swapSigningKeys(dataDir: string): Promise<void> {
  const url = `sqlite:${join(dataDir, "koder-id.db")}`;
  const store = await openStore({ url, collections: allCollections, clock: Date.now });
  const [row] = await store.bulk().rows(signingKeys.name, undefined, 1);
  const data = store.tenant(row?.tenantId ?? "");
  const { items } = await data.page(signingKeys, { index: "id", limit: 100 });
  const [one, other] = items.filter(({ record }) => record.sealedPrivateKey.length > 0);
  if (one === undefined || other === undefined) throw new Error("there are no two sealed keys");
  const event = create(EventSchema, { id: `swap-${one.version}`, tenantId: data.tenantId });
  await data.commit(
    [
      replace(signingKeys, { ...one.record, sealedPrivateKey: other.record.sealedPrivateKey }, one.version),
      replace(signingKeys, { ...other.record, sealedPrivateKey: one.record.sealedPrivateKey }, other.version),
    ],
    [event],
  );
  await store.close();
}
