import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startPostgres, type RunningPostgres } from "../../../../tests/support/postgres.ts";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { openStore } from "../../open-store.ts";

// The server's certificate is of `localhost` only, so that 127.0.0.1, where it listens as well, is another name.
let folder: string;
let postgres: RunningPostgres | undefined;
const [cert, other] = ["server", "other"];
const file = (name: string, end: string): string => join(folder, `${name}.${end}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-postgres-tls-"));
  const make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost";
  for (const name of [cert, other]) {
    const own = ["-keyout", file(name, "key"), "-out", file(name, "crt"), "-addext", "subjectAltName=DNS:localhost"];
    execFileSync("openssl", [...make.split(" "), ...own], { stdio: "ignore" });
  }
  postgres = await startPostgres({ durable: false, tls: { certFile: file(cert, "crt"), keyFile: file(cert, "key") } });
}, 60_000);
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a store and answers whether its sessions are encrypted, or what it says when it does not open. */
async function opens(url: string | undefined, host = "127.0.0.1"): Promise<string> {
  try {
    const store = await openStore({ url: (url ?? "").replace("127.0.0.1", host), collections: [], clock: () => 0 });
    onTestFinished(() => store.close());
    await store.ping();
    return "open";
  } catch (error) {
    return String(error);
  }
}

test("require encrypts, whoever the server is", async () => {
  expect(await opens(postgres?.url("postgres", "sslmode=require"))).toBe("open");
  expect(await opens((await sharedDatabase()).replace("=disable", "=require"))).toMatch(
    /does not support SSL connections$/,
  );
});

test("verify-ca wants the right authority", async () => {
  expect(await opens(postgres?.url("postgres", `sslmode=verify-ca&sslrootcert=${file(cert, "crt")}`))).toBe("open");
  expect(await opens(postgres?.url("postgres", `sslmode=require&sslrootcert=${file(cert, "crt")}`))).toBe("open");
  const wrong = `sslmode=verify-ca&sslrootcert=${file(other, "crt")}`;
  expect(await opens(postgres?.url("postgres", wrong))).toMatch(/cannot be opened: .*certificate/);
  expect(await opens(postgres?.url("postgres", "sslmode=verify-ca"))).toMatch(/cannot be opened: .*certificate/);
});

test("verify-full wants the right name as well", async () => {
  const parameters = `sslmode=verify-full&sslrootcert=${file(cert, "crt")}`;
  expect(await opens(postgres?.url("postgres", parameters), "localhost")).toBe("open");
  expect(await opens(postgres?.url("postgres", parameters))).toMatch(/IP: 127.0.0.1 is not in the cert's list/);
});

test("prefer takes what there is", async () => {
  expect(await opens(postgres?.url("postgres", "sslmode=prefer"))).toBe("open");
  expect(await opens((await sharedDatabase()).replace("=disable", "=prefer"))).toBe("open");
});

test("a password that is wrong is said to be, and not repeated", async () => {
  const said = await opens(postgres?.url("postgres", "sslmode=require").replace(":secret@", ":guess123@"));
  expect(said).toMatch(
    /^Error: the store postgres:\/\/127.0.0.1:\d+\/postgres cannot be opened: password authentication/,
  );
  expect(said).not.toContain("guess123");
});
