import { startSplitServer } from "../../tests/support/split-server.ts";
import { residentMebibytes, treeCpuMicroseconds } from "../process-usage.ts";
import { benchSettings, fileOf, type KoderIdOptions, type KoderIdServer } from "./koder-id.ts";

/** Ours in six processes: the gateway and each service. Its requests go straight to the gateway. */
export async function startSplitKoderId({
  env = {},
  program,
}: Pick<KoderIdOptions, "env" | "program">): Promise<KoderIdServer> {
  const server = await startSplitServer({
    program: program && fileOf(program),
    env: { NODE_ENV: "production", ...benchSettings, ...env },
  });
  const running = [...server.processes.values()].flat();
  const pids = running.map(({ pid }) => pid);
  const endAll = (): void => {
    for (const pid of pids) process.kill(pid, "SIGKILL");
  };
  process.once("exit", endAll);
  const [gateway] = server.processes.get("gateway") ?? [];
  const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);
  return {
    site: { origin: server.url, address: gateway?.listening ?? "" },
    identity: server.grpc.identity,
    apiKey: server.adminApiKey,
    usage: { server: () => sum(treeCpuMicroseconds) },
    resident: () => sum(residentMebibytes),
    async stop() {
      process.off("exit", endAll);
      await server.stop();
    },
  };
}
