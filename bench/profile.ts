import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { koderIdProvider, startKoderId } from "./targets/koder-id.ts";
import { tokenCases, type CaseName } from "./targets/token-cases.ts";

// node bench/profile.ts [case]: our server under one case, and where its main thread's time went, by function.

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const name = (process.argv[2] ?? "client_credentials") as CaseName;
const count = 4_000;
const folder = mkdtempSync(join(tmpdir(), "koder-id-profile-"));
const server = await startKoderId(["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=200"]);
try {
  const one = tokenCases(await koderIdProvider(server))[name];
  const { cpu } = await measure(server.pid, one, count);
  process.stdout.write(`${name}: ${cpu.toFixed(0)} µs of CPU a request while profiled\n`);
} finally {
  await server.stop();
}
const [file = ""] = readdirSync(folder);
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile;
rmSync(folder, { recursive: true, force: true });

const self = new Map<number, number>();
samples.forEach((id, index) => self.set(id, (self.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
const byFunction = new Map<string, number>();
for (const { id, callFrame } of nodes) {
  const where = callFrame.url.replace(/^.*\/(?=services|node_modules)/, "");
  const key = `${callFrame.functionName || "(anonymous)"} ${where}:${callFrame.lineNumber + 1}`;
  byFunction.set(key, (byFunction.get(key) ?? 0) + (self.get(id) ?? 0));
}
const top = Array.from(byFunction).toSorted((a, b) => b[1] - a[1]);
for (const [key, microseconds] of top.slice(0, 60)) {
  process.stdout.write(`${(microseconds / count).toFixed(1).padStart(7)} µs  ${key}\n`);
}
