import { once } from "node:events";
import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { defaultArgon2, loadArgon2 } from "../../services/identity/passwords/argon2.ts";

// The limits of docs/performance.md: a bare server that does only what no server can avoid.

const folder = mkdtempSync(join(tmpdir(), "koder-id-limits-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit(0));

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const input = Buffer.alloc(600, "a");
const signature = (): Promise<string> =>
  new Promise((resolve, reject) => {
    sign("sha256", input, privateKey, (error, bytes) => (error ? reject(error) : resolve(bytes.toString("base64url"))));
  });

const signed = sign("sha256", input, privateKey);
/** One verification, in place: it takes less than the way to the thread pool and back. */
function verification(): void {
  if (!verify("sha256", input, publicKey, signed)) throw new Error("the signature is not good");
}

const argon2 = loadArgon2();
const password = randomBytes(16).toString("hex");
const phc = await argon2.hash(password, defaultArgon2);

const database = new DatabaseSync(join(folder, "limit.db"));
database.exec(
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)",
);
database.prepare("INSERT INTO t VALUES (1, ?)").run(Buffer.alloc(300));
const update = database.prepare("UPDATE t SET data = ? WHERE id = 1");
const select = database.prepare("SELECT data FROM t WHERE id = 1");
/** One read; its bytes become part of the answer. */
const read = (): string => Buffer.from(select.get()?.["data"] as Uint8Array).toString("base64url");
const data = Buffer.alloc(300);
let commits = 0;
/** One durable commit of new content: SQLite writes and syncs nothing for a row that stays what it was. */
function commit(): void {
  data.writeUInt32BE((commits += 1));
  update.run(data);
}

const body = JSON.stringify({ padding: "x".repeat(1_000) });
const work: Readonly<Record<string, () => Promise<string> | string>> = {
  "/answer": () => body,
  // A third of a journey, and sent three times: browsers ask one thing after the other.
  "/commit": () => {
    commit();
    return body;
  },
  "/verification-read": () => {
    verification();
    return JSON.stringify({ claims: read() });
  },
  "/hash": async () => JSON.stringify({ matches: await argon2.verify(phc, password) }),
  "/signature": async () => JSON.stringify({ token: await signature() }),
  "/signatures-commit": async () => {
    commit();
    return JSON.stringify({ access: await signature(), id: await signature() });
  },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  await once(request, "end");
  const text = (await work[request.url ?? ""]?.()) ?? "";
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

const server = createServer((request, response) => void answer(request, response));
server.keepAliveTimeout = 65_000; // longer than any pause between rounds
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: "ready", url: `http://127.0.0.1:${port}` })}\n`);
});
