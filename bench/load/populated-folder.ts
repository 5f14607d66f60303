import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import { runToEnd } from "../server-process.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { loaderVersion } from "./load-store.ts";
import type { Population } from "./population.ts";

/** Where loaded sqlite folders are kept between runs. */
const cache = join(import.meta.dirname, "../../.cache/bench");

/** A data folder whose store, there or at a URL, has a population in it. */
export interface PopulatedFolder {
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** A folder of one's own on sqlite. It is a copy of one that is kept, and filled when its schema or the loader is new. */
export async function populatedSqlite(population: Population): Promise<PopulatedFolder> {
  const name = `${population.tenants}-${population.users}`;
  const kept = join(cache, `${name}-${await schemaKey()}`);
  if (!existsSync(kept)) {
    mkdirSync(cache, { recursive: true });
    for (const old of readdirSync(cache)) {
      // What has another schema, and what an interrupted run has left.
      if (old.startsWith(`${name}-`) || old.startsWith("making-")) rmSync(join(cache, old), { recursive: true });
    }
    const making = mkdtempSync(join(cache, "making-"));
    await populate(making, `sqlite:${join(making, "koder-id.db")}`, population, {});
    renameSync(making, kept);
  }
  const own = folder();
  cpSync(kept, own.dataDir, { recursive: true });
  return own;
}

/** A folder of one's own for an empty PostgreSQL database, which is filled. */
export async function populatedPostgres(url: string, population: Population): Promise<PopulatedFolder> {
  const own = folder();
  await populate(own.dataDir, url, population, { KODER_ID_STORE: url });
  // What its background work would do while others are measured.
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("VACUUM (ANALYZE)");
  await client.query("CHECKPOINT");
  await client.end();
  return own;
}

function folder(): PopulatedFolder {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-bench-"));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    dataDir,
    async stop() {
      process.off("exit", remove);
      remove();
    },
  };
}

async function populate(
  dataDir: string,
  url: string,
  { tenants, users }: Population,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const server = await startKoderId({ dataDir, env });
  await server.stop();
  await runToEnd(["--disable-warning=ExperimentalWarning", "bench/load/load.ts", url, `${tenants}`, `${users}`]);
}

/** What the tables of this version look like, and who fills them. */
async function schemaKey(): Promise<string> {
  const own = folder();
  const file = join(own.dataDir, "empty.db");
  const store = await openStore({ url: `sqlite:${file}`, collections: allCollections, clock: Date.now });
  await store.close();
  const database = new DatabaseSync(file);
  const tables = database.prepare("SELECT sql FROM sqlite_schema ORDER BY name").all();
  database.close();
  await own.stop();
  return createHash("sha256")
    .update(JSON.stringify([loaderVersion, tables]))
    .digest("hex")
    .slice(0, 16);
}
