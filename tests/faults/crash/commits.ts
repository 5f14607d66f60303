import { expect } from "vitest";
import type { Commit } from "./crash-folder.ts";
import type { CrashingServer } from "./crashing-server.ts";
import type { PublicWrite } from "./public-write.ts";

/** Makes a write without a crash; answers what was committed for its request. */
export async function commitsOf(server: CrashingServer, write: PublicWrite): Promise<readonly Commit[]> {
  const attempt = await write.prepare(server);
  server.commits();
  const status = await attempt.call();
  expect(status, write.name).toBeLessThan(400);
  return server.commits().filter(({ request }) => request !== "");
}

/** The services that committed, in order, each once in a row. What the vault and the readers of the log keep is no service's. */
export function orderOf(commits: readonly Commit[]): readonly string[] {
  const owners = commits.map(({ owner }) => owner).filter((owner) => owner !== "vault");
  return owners.filter((owner, at) => owner !== owners[at - 1]);
}

/** After which commits a crash leaves something different: counters of one moment are one transaction. */
export function momentsOf(commits: readonly Commit[]): readonly number[] {
  const moments = commits.map((_commit, at) => at + 1);
  return moments.filter((after) => commits[after - 1]?.isCounter !== true || commits[after]?.isCounter !== true);
}
