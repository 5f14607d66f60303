import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { measure } from "./measure.ts";
import { koderIdProvider, startKoderId } from "./targets/koder-id.ts";
import { tokenCases, type CaseName } from "./targets/token-cases.ts";

// node bench/profile.ts [case]: our warm server under one case, and where its main thread's time went: by function, itself
// and with all that it calls. What waits for a disk counts as well, so this is time, not CPU.

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}
interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

const name = (process.argv[2] ?? "client_credentials") as CaseName;
const count = 4_000;
const shown = Number(process.argv[3] ?? 60);

const port = await freePort();
const server = await startKoderId({ nodeOptions: [`--inspect=127.0.0.1:${port}`] });
try {
  const one = tokenCases(await koderIdProvider(server))[name];
  await measure(server.pid, one, count);
  const inspector = await openInspector(port);
  await inspector.send("Profiler.enable");
  await inspector.send("Profiler.setSamplingInterval", { interval: 100 });
  let startProfile = async (): Promise<void> => void (await inspector.send("Profiler.start"));
  const { cpu } = await measure(
    server.pid,
    {
      prepare: async (prepared) => {
        await one.prepare?.(prepared);
        await startProfile();
        startProfile = async () => {};
      },
      request: one.request,
    },
    count,
  );
  const { profile } = (await inspector.send("Profiler.stop")) as { readonly profile: Profile };
  inspector.close();
  process.stdout.write(`${name}: ${cpu.toFixed(0)} µs of CPU a request while profiled\n`);
  print(profile, Math.ceil(count * 1.1));
} finally {
  await server.stop();
}

function print({ nodes, samples, timeDeltas }: Profile, requests: number): void {
  const own = new Map<number, number>();
  samples.forEach((id, index) => own.set(id, (own.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const [self, total] = [new Map<string, number>(), new Map<string, number>()];
  const add = (to: Map<string, number>, key: string, time: number) => to.set(key, (to.get(key) ?? 0) + time);
  function walk(node: ProfileNode, above: ReadonlySet<string>): number {
    const key = nameOf(node);
    const path = new Set(above).add(key);
    let time = own.get(node.id) ?? 0;
    add(self, key, time);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) time += walk(child, path);
    }
    if (!above.has(key)) add(total, key, time);
    return time;
  }
  const [root] = nodes;
  if (root !== undefined) walk(root, new Set());
  const column = (microseconds = 0) => (microseconds / requests).toFixed(1).padStart(8);
  process.stdout.write("  itself   total  µs a request\n");
  for (const [key, time] of Array.from(self)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, shown)) {
    process.stdout.write(`${column(time)}${column(total.get(key))}  ${key}\n`);
  }
  process.stdout.write("our own functions, with all that they call\n");
  const ours = Array.from(total).filter(([key]) => key.includes(" services/"));
  for (const [key, time] of ours.toSorted((a, b) => b[1] - a[1]).slice(0, shown)) {
    process.stdout.write(`${column(self.get(key))}${column(time)}  ${key}\n`);
  }
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  return `${functionName || "(anonymous)"} ${url.replace(/^.*\/(?=services|node_modules|gen)/, "")}:${lineNumber + 1}`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port: found } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return found;
}

interface Inspector {
  send(method: string, params?: object): Promise<unknown>;
  close(): void;
}

/** https://chromedevtools.github.io/devtools-protocol/v8/Profiler/ */
async function openInspector(at: number): Promise<Inspector> {
  const list = (await (await fetch(`http://127.0.0.1:${at}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? "");
  await once(socket, "open");
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  let sent = 0;
  return {
    send(method, params = {}) {
      sent += 1;
      const id = sent;
      socket.send(JSON.stringify({ id, method, params }));
      return new Promise((resolve) => void waiting.set(id, resolve));
    },
    close: () => socket.close(),
  };
}
