import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { styleText } from "node:util";
import { serviceNames, type ServiceName } from "../services/host/call.ts";
import { createServiceKeys } from "../services/host/service-keys.ts";
import { startCommand } from "../tests/support/start-command.ts";

// npm run serve:split: the gateway and the five services, a process each, on this machine, their logs side by side. Settings
// of the environment go to all of them; the ports are those of one process, so that the addresses in the README hold.

const colors = ["cyan", "green", "yellow", "blue", "magenta", "gray"] as const;
const data = resolve(process.env["KODER_ID_DATA"] ?? "./data");
const base = Number(process.env["KODER_ID_SERVICE_BASE_PORT"] ?? 4_000);
const keys = process.env["KODER_ID_SERVICE_KEYS"] ?? join(data, "service-keys");
if (!Number.isInteger(base) || base < 1 || base > 65_520) {
  throw new RangeError("KODER_ID_SERVICE_BASE_PORT must be a port that leaves room for fifteen above it");
}
mkdirSync(data, { recursive: true, mode: 0o700 });
if (!existsSync(join(keys, "gateway.key"))) await createServiceKeys(keys, serviceNames);

const isService = (name: ServiceName) => name !== "gateway";
const addresses = serviceNames.map((name, index) => [name, `http://127.0.0.1:${base + index}`] as const);
const children = new Map<ServiceName, ChildProcess>();
const width = Math.max(...serviceNames.map(({ length }) => length));
let stopping = false;

function start(name: ServiceName, index: number): void {
  const { env, args } = startCommand();
  const peers = addresses.filter(([other]) => isService(other) && other !== name).map((pair) => pair.join("="));
  const child = spawn(process.execPath, args, {
    env: {
      ...process.env,
      ...env,
      KODER_ID_DATA: data,
      KODER_ID_SERVICES: name,
      KODER_ID_PEERS: peers.join(","),
      KODER_ID_SERVICE_KEYS: keys,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C reaches this process alone, which then stops the others in order.
    detached: true,
  });
  children.set(name, child);
  const label = styleText(colors[index] ?? "white", `${name.padEnd(width)} │`);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => process.stdout.write(`${label} ${line}\n`));
  }
  child.once("exit", (code, signal) => {
    children.delete(name);
    process.stdout.write(`${label} ended with ${signal ?? code}\n`);
    if (!stopping) process.exitCode = 1;
    if (children.size > 0) void stop();
  });
}

/** The gateway first, so that nothing new comes in; then the services. */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const name of serviceNames) {
    const child = children.get(name);
    if (child === undefined) continue;
    const ended = new Promise((done) => void child.once("exit", done));
    child.kill("SIGTERM");
    if (name === "gateway") await ended;
  }
}

process.once("SIGINT", () => void stop());
process.once("SIGTERM", () => void stop());
serviceNames.forEach(start);
