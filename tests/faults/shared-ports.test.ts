import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createPerson, rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

const hasProc = existsSync("/proc/self/environ");

/** The processes that a process started. */
function childrenOf(pid: number): readonly number[] {
  const listed = hasProc
    ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    : execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  return listed.split(/\s+/).filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Lines of a server's log with a message. */
const said = (server: RunningServer, message: string) =>
  server
    .logs()
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter(({ msg }) => msg === message);

const health = (server: RunningServer) => rest(server, "GET", "/v1/admin/system/health");

/** The sum of a metric's samples that have these labels. */
async function metric(server: RunningServer, name: string, labels = ""): Promise<number> {
  const text = await (await fetch(`http://${server.http.admin}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return samples
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

describe("processes of one machine on the same ports", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ env: { KODER_ID_PROCESSES: "3" } });
  });
  afterAll(() => server?.stop());

  test("one ready line for all, whose addresses all of them serve", async () => {
    expect(said(server, "ready")).toHaveLength(1);
    expect(childrenOf(server.pid)).toHaveLength(3);
    const memory = async (process: string) => metric(server, "process_resident_memory_bytes", `process="${process}"`);
    for (const process of ["primary", "1", "2", "3"]) expect(await memory(process), process).toBeGreaterThan(1e6);
  });

  test("whoever is asked tells what all of them counted", async () => {
    const method = 'method="koder.identity.v1.UserService/GetUser",code="ok"';
    const person = await createPerson(server);
    const before = await metric(server, "koder_id_calls_total", method);
    // A connection each, which takes them to one process after the other.
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const headers = { authorization: `Bearer ${server.adminApiKey}`, connection: "close" };
        return (await fetch(`${server.url}/v1/users/${person.id}`, { headers })).status;
      }),
    );
    expect(statuses).toEqual(Array(12).fill(200));
    for (let n = 0; n < 6; n++) expect(await metric(server, "koder_id_calls_total", method)).toBe(before + 12);
  });

  test("a worker that is killed is replaced, nobody notices for long, and no counter goes down", async () => {
    const method = 'method="koder.admin.v1.SystemService/GetSystemHealth"';
    for (let n = 0; n < 6; n++) expect((await health(server)).status).toBe(200);
    const before = await metric(server, "koder_id_calls_total", method);
    const [victim = 0, ...others] = childrenOf(server.pid);
    process.kill(victim, "SIGKILL");
    await vi.waitFor(() => expect(said(server, "a worker serves again")).toHaveLength(1), { timeout: 20_000 });
    const died = said(server, "a worker died; another is started");
    expect(died).toMatchObject([{ pid: victim, ended: "SIGKILL", pause: 100, level: "error" }]);
    expect(childrenOf(server.pid)).toHaveLength(3);
    expect(childrenOf(server.pid)).toEqual(expect.arrayContaining([...others]));
    for (let n = 0; n < 6; n++) expect((await health(server)).status).toBe(200);
    expect(await metric(server, "koder_id_calls_total", method)).toBeGreaterThanOrEqual(before + 6);
    expect(await metric(server, "koder_id_workers_ended_total")).toBe(1);
  });

  test("nobody finds the service keys in an environment or a file", (context) => {
    if (!hasProc) return context.skip("this system does not show the environment of a process");
    for (const pid of [server.pid, ...childrenOf(server.pid)]) {
      const env = readFileSync(`/proc/${pid}/environ`, "latin1");
      expect(env).not.toMatch(/PRIVATE KEY|KODER_ID_SERVICE_KEYS/);
      expect(readFileSync(`/proc/${pid}/cmdline`, "latin1")).not.toContain("PRIVATE KEY");
    }
    for (const name of readdirSync(server.dataDir)) expect(name).toMatch(/^(?:admin-|koder-id\.db|master-key$)/);
  });
});

describe("how they start and stop", () => {
  let server: RunningServer | undefined;
  let dataDir: string | undefined;
  afterEach(async () => {
    await server?.stop();
    if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
    [server, dataDir] = [undefined, undefined];
  });
  const start = async (env: Readonly<Record<string, string>> = {}) => {
    server = await startServer({ env: { KODER_ID_PROCESSES: "2", ...env } });
    return server;
  };

  test("SIGTERM: what is under way is answered, all of them end, and it ends well", async () => {
    const running = await start();
    const workers = childrenOf(running.pid);
    const underWay = Array.from({ length: 8 }, (_value, n) =>
      rest(running, "POST", "/v1/users", { username: `under-way${n}`, password: "correct horse battery staple" }),
    );
    await Promise.race(underWay);
    const ended = running.end("SIGTERM");
    for (const { status, json } of await Promise.all(underWay)) expect(status, JSON.stringify(json)).toBe(200);
    expect(await ended).toBe(0);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(said(running, "a worker died; another is started")).toEqual([]);
    await expect(fetch(`${running.url}/`)).rejects.toThrow("fetch failed");
  });

  test("a signal to all of them at once, as a terminal sends it, is one stop", async () => {
    const running = await start();
    for (const pid of childrenOf(running.pid)) process.kill(pid, "SIGINT");
    expect(await running.end("SIGINT")).toBe(0);
    expect(said(running, "stopped")).toHaveLength(3);
  });

  test("a primary that is killed leaves nobody behind", async () => {
    const running = await start();
    const workers = childrenOf(running.pid);
    await running.end("SIGKILL");
    await vi.waitFor(() => expect(workers.filter(isAlive)).toEqual([]), {
      timeout: 10_000,
    });
  });

  test("six that start at once on nothing make one owner, one set of files, one master key", async () => {
    const running = await start({ KODER_ID_PROCESSES: "6" });
    expect(
      readdirSync(running.dataDir)
        .filter((name) => !name.startsWith("koder-id.db"))
        .toSorted(),
    ).toEqual(["admin-api-key", "admin-password", "master-key"]);
    expect(readFileSync(join(running.dataDir, "master-key"), "utf8").trim().split("\n")).toHaveLength(1);
    for (const name of readdirSync(running.dataDir)) {
      expect([name, statSync(join(running.dataDir, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    expect(said(running, "the owner admin was created")).toHaveLength(1);
    // The key in the file is the one that counts, whichever process is asked.
    for (let n = 0; n < 12; n++) {
      const headers = { authorization: `Bearer ${running.adminApiKey}`, connection: "close" };
      const response = await fetch(`${running.url}/v1/users`, { headers });
      expect(response.status).toBe(200);
      const { users } = (await response.json()) as { readonly users: readonly unknown[] };
      expect(users).toHaveLength(1);
    }
    const keys = async () => (await fetch(`${running.url}/oauth/v2/keys`, { headers: { connection: "close" } })).json();
    const [one] = [await keys()];
    for (let n = 0; n < 6; n++) expect(await keys()).toEqual(one);
    expect(running.logs().filter((line) => /"level":"(?:warn|error|fatal)"/.test(line))).toEqual([]);
  });

  test("one that cannot start stops the start with one sentence", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const failed: unknown = await start({ KODER_ID_LISTEN: `127.0.0.1:${port}` }).catch((caught: unknown) => caught);
    const lines = String(failed).split("\n");
    expect(lines.filter((line) => line.startsWith("Koder ID cannot start:"))).toEqual([
      `Koder ID cannot start: 127.0.0.1:${port} is taken by another program`,
    ]);
    expect(lines.some((line) => line.includes('"msg":"ready"'))).toBe(false);
  });

  test("a store in memory is refused: they could not share it", () => {
    dataDir = mkdtempSync(join(tmpdir(), "koder-id-shared-ports-"));
    const run = () =>
      execFileSync(process.execPath, ["services/main.ts"], {
        cwd: join(import.meta.dirname, "../.."),
        env: { KODER_ID_PROCESSES: "2", KODER_ID_STORE: "memory:", KODER_ID_DATA: dataDir },
        stdio: "pipe",
      });
    expect(run).toThrow(/KODER_ID_STORE must not be memory: with more than one process/);
  });
});
