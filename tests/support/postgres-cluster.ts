import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { freePort } from "./free-port.ts";
import { findPostgres, postgresUser } from "./postgres-programs.ts";

/** How a cluster is set up. */
export interface PostgresOptions {
  /** False: nothing is synced, for tests in which no machine and no server crashes. */
  readonly durable?: boolean;
  /** PEM files of the server's certificate; with them it takes TLS connections. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** More settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A cluster that can be started. */
export interface Cluster {
  readonly port: number;
  readonly data: string;
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** As whom it must run. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Makes a cluster in a folder, which becomes its user's: on loopback, with one user `koder` whose password is `secret`.
 * Throws when PostgreSQL is nowhere: `npm test` has tried to get it before.
 */
export async function makeCluster(
  folder: string,
  { durable = true, tls, settings = {} }: PostgresOptions,
): Promise<Cluster> {
  const programs = findPostgres();
  if (programs === undefined) {
    throw new Error("PostgreSQL is not installed: install it, or name its programs' folder in KODER_ID_TEST_POSTGRES");
  }
  const user = postgresUser();
  const own = (file: string): void => {
    if (user !== undefined) chownSync(file, user.uid, user.gid);
  };
  mkdirSync(folder, { recursive: true });
  const [data, passwords] = [join(folder, "data"), join(folder, "password")];
  writeFileSync(passwords, "secret");
  for (const file of [folder, passwords]) own(file);
  execFileSync(
    join(programs, "initdb"),
    ["-D", data, "-U", "koder", `--pwfile=${passwords}`, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N"],
    { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  const copies: readonly (readonly [string, string])[] =
    tls === undefined
      ? []
      : [
          [tls.certFile, join(data, "server.crt")],
          [tls.keyFile, join(data, "server.key")],
        ];
  for (const [from, to] of copies) {
    copyFileSync(from, to);
    own(to);
    chmodSync(to, 0o600);
  }
  const port = await freePort();
  const all: Readonly<Record<string, string>> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "200",
    deadlock_timeout: "100ms",
    log_min_messages: "panic",
    log_min_error_statement: "panic",
    fsync: durable ? "on" : "off",
    ...(tls === undefined ? {} : { ssl: "on" }),
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return { port, data, command: [join(programs, "postgres"), "-D", data, ...args], user };
}

/** The URL of a database of a cluster on this machine; `parameters` are those of the URL. */
export function clusterUrl(port: number, database: string, parameters = "sslmode=disable"): string {
  return `postgres://koder:secret@127.0.0.1:${port}/${database}?${parameters}`;
}

/** Makes an empty database and answers its URL. */
export async function makeDatabase(port: number, name: string): Promise<string> {
  const client = new Client({ connectionString: clusterUrl(port, "postgres") });
  await client.connect();
  await client.query(`CREATE DATABASE "${name}"`);
  await client.end();
  return clusterUrl(port, name);
}

/** Resolves when the cluster answers; rejects when it does not in half a minute, or `isGone` says that it will not. */
export async function untilReady(port: number, isGone: () => boolean): Promise<void> {
  const until = performance.now() + 30_000;
  for (;;) {
    const client = new Client({ connectionString: clusterUrl(port, "postgres"), connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (performance.now() > until || isGone()) throw error;
      await delay(20);
    }
  }
}
