import { grpcClient } from "./grpc-client.ts";
import { measure, type Case } from "./measure.ts";
import { freePort, openInspector } from "./profile/inspector.ts";
import { printProfile, type Profile } from "./profile/print-profile.ts";
import { startKoderId } from "./targets/koder-id.ts";
import { koderIdProvider } from "./targets/koder-id-provider.ts";
import { tokenCases } from "./works/token-cases.ts";
import { ownUserCase } from "./works/user-cases.ts";

// node bench/profile.ts [work [lines]]: our warm server under one work, and where its main thread's time went: by function,
// itself and with all that it calls. What waits for a disk counts as well, so this is time, not CPU. KODER_ID_STORE may name
// another store.

const [name = "client_credentials", shown = "60"] = process.argv.slice(2);
const store = process.env["KODER_ID_STORE"];

const port = await freePort();
const server = await startKoderId({
  preload: ["remembered-hash"],
  nodeOptions: [`--inspect=127.0.0.1:${port}`],
  env: store === undefined ? {} : { KODER_ID_STORE: store },
});
const client = grpcClient(server.identity, server.apiKey);
try {
  const cases: Readonly<Record<string, Case>> = {
    ...tokenCases(await koderIdProvider(server)),
    GetUser: ownUserCase(client),
  };
  const work = cases[name];
  if (work === undefined) throw new Error(`${name} is no work; there are ${Object.keys(cases).join(", ")}`);
  const count = name === "sign-in journey" ? 1_000 : 4_000;
  await measure(server.usage, work, { count });
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
  const { cpu } = await measure(server.usage, profiled, { count });
  const { profile } = (await inspector.send("Profiler.stop")) as { readonly profile: Profile };
  inspector.close();
  process.stdout.write(`${name}: ${cpu.toFixed(0)} µs of CPU a request while profiled\n`);
  printProfile(profile, Math.ceil(count * 1.1), Number(shown));
} finally {
  client.close();
  await server.stop();
}
