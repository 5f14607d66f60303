import { expect } from "vitest";
import type { Commit } from "./crash-folder.ts";
import type { CrashingServer } from "./crashing-server.ts";
import type { PublicWrite } from "./public-write.ts";

/** More than any write makes: an order that is there to know its requests by. */
const never = { commits: 1_000, of: "requests", what: "hold" } as const;

/** Makes a write without a crash; answers what was committed for its requests, and not for one before them. */
export async function commitsOf(server: CrashingServer, write: PublicWrite): Promise<readonly Commit[]> {
  const attempt = await write.prepare(server);
  server.commits();
  server.order(never);
  const status = await attempt.call();
  server.order(undefined);
  expect(status, write.name).toBeLessThan(400);
  return server.commits().filter(({ order }) => order !== undefined);
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
