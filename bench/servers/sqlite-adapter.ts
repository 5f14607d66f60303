import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Adapter, AdapterPayload } from "oidc-provider";

const folder = mkdtempSync(join(tmpdir(), "koder-id-peer-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const database = new DatabaseSync(join(folder, "peer.db"));
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE payloads (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires INTEGER, grant_id TEXT, uid TEXT, user_code TEXT,
    PRIMARY KEY (model, id)
  ) WITHOUT ROWID;
  CREATE INDEX payloads_grant ON payloads (model, grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX payloads_uid ON payloads (model, uid) WHERE uid IS NOT NULL;
  CREATE INDEX payloads_user_code ON payloads (model, user_code) WHERE user_code IS NOT NULL;
`);
const upsert = database.prepare(`
  INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires = excluded.expires,
    grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code`);
const by = (column: string) =>
  database.prepare(`SELECT payload, expires FROM payloads WHERE model = ? AND ${column} = ?`);
const [byId, byUid, byUserCode] = [by("id"), by("uid"), by("user_code")];
const consume = database.prepare(
  "UPDATE payloads SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ?",
);
const destroy = database.prepare("DELETE FROM payloads WHERE model = ? AND id = ?");
const revoke = database.prepare("DELETE FROM payloads WHERE model = ? AND grant_id = ?");

const seconds = () => Math.floor(Date.now() / 1000);

/** oidc-provider's storage on node:sqlite, as durable as ours: WAL, synchronous=FULL. */
export class SqliteAdapter implements Adapter {
  readonly #model: string;
  constructor(model: string) {
    this.#model = model;
  }
  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const expires = expiresIn ? seconds() + expiresIn : null;
    const { grantId = null, uid = null, userCode = null } = payload;
    upsert.run(this.#model, id, JSON.stringify(payload), expires, grantId, uid, userCode);
  }
  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#read(byId.get(this.#model, id));
  }
  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#read(byUid.get(this.#model, uid));
  }
  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#read(byUserCode.get(this.#model, userCode));
  }
  async consume(id: string): Promise<void> {
    consume.run(seconds(), this.#model, id);
  }
  async destroy(id: string): Promise<void> {
    destroy.run(this.#model, id);
  }
  async revokeByGrantId(grantId: string): Promise<void> {
    revoke.run(this.#model, grantId);
  }
  #read(row: Record<string, unknown> | undefined): AdapterPayload | undefined {
    if (row === undefined || (row["expires"] !== null && Number(row["expires"]) <= seconds())) return undefined;
    return JSON.parse(String(row["payload"])) as AdapterPayload;
  }
}
