import { freePort } from "../tests/support/free-port.ts";
import { grpcClient } from "./grpc-client.ts";
import { measure, type Case, type Usage } from "./measure.ts";
import { cpuMicroseconds } from "./process-usage.ts";
import { openInspector } from "./profile/inspector.ts";
import { printProfile } from "./profile/print-profile.ts";
import type { Profile } from "./profile/profile.ts";
import { timeByPart } from "./profile/time-by-part.ts";
import { startProcess } from "./server-process.ts";
import { startKoderId } from "./targets/koder-id.ts";
import { koderIdProvider } from "./targets/koder-id-provider.ts";
import { oidcProvider } from "./targets/oidc-provider.ts";
import { tokenCases } from "./works/token-cases.ts";
import { ownUserCase } from "./works/user-cases.ts";

// node bench/profile.ts [work [lines [peer]]]: our warm server under one work, and where its main thread's time went: by part and
// by function, itself and with all that it calls. What waits for a disk counts as well, so this is time, not CPU. KODER_ID_STORE
// may name another store. With `peer` it is oidc-provider on sqlite.

const [name = "client_credentials", shown = "60", whose = "ours"] = process.argv.slice(2);
const store = process.env["KODER_ID_STORE"];

const port = await freePort();
const inspect = `--inspect=127.0.0.1:${port}`;
const contestant = await (whose === "peer" ? startPeer() : startOurs());
try {
  const { usage, cases } = contestant;
  const work = cases[name];
  if (work === undefined) throw new Error(`${name} is no work; there are ${Object.keys(cases).join(", ")}`);
  const count = name === "sign-in journey" ? 1_000 : 4_000;
  await measure(usage, work, { count });
  const inspector = await openInspector(port);
  await inspector.send("Profiler.enable");
  await inspector.send("Profiler.setSamplingInterval", { interval: 100 });
  let startProfile = async (): Promise<void> => void (await inspector.send("Profiler.start"));
  const profiled: Case = {
    prepare: async (prepared) => {
      await work.prepare?.(prepared);
      await startProfile();
      startProfile = async () => {};
    },
    request: work.request,
  };
  const { cpu } = await measure(usage, profiled, { count });
  const { profile } = (await inspector.send("Profiler.stop")) as { readonly profile: Profile };
  inspector.close();
  process.stdout.write(`${name}: ${cpu.toFixed(0)} µs of CPU a request while profiled\n`);
  const requests = Math.ceil(count * 1.1);
  for (const [part, time] of timeByPart(profile)) {
    process.stdout.write(`${(time / requests).toFixed(1).padStart(8)}  ${part}\n`);
  }
  printProfile(profile, requests, Number(shown));
} finally {
  await contestant.stop();
}

interface Profiled {
  readonly usage: Usage;
  readonly cases: Readonly<Record<string, Case>>;
  stop(): Promise<void>;
}

async function startOurs(): Promise<Profiled> {
  const server = await startKoderId({
    preload: ["remembered-hash"],
    nodeOptions: [inspect],
    env: store === undefined ? {} : { KODER_ID_STORE: store },
  });
  const client = grpcClient(server.identity, server.apiKey);
  return {
    usage: server.usage,
    cases: { ...tokenCases(await koderIdProvider(server)), GetUser: ownUserCase(client) },
    async stop() {
      client.close();
      await server.stop();
    },
  };
}

async function startPeer(): Promise<Profiled> {
  const server = await startProcess("bench/servers/oidc-provider.ts", {
    BENCH_ADAPTER: "sqlite",
    NODE_OPTIONS: inspect,
  });
  return {
    usage: { server: () => cpuMicroseconds(server.pid) },
    cases: tokenCases(oidcProvider(server)),
    stop: () => server.stop(),
  };
}
