import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { keys } from "../../conformance/test-records.ts";
import { openStore } from "../../open-store.ts";
import { connect } from "./connection.ts";
import { ConnectionLost } from "./postgres-error.ts";
import { readPostgresUrl } from "./postgres-url.ts";
import { plainStep, statement, step } from "./statement.ts";

const limits = { statement: 1_234, lock: 2_345, idleInTransaction: 3_456 };

async function outsider(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
async function connected(url: string) {
  const connection = await connect(readPostgresUrl(url), limits);
  onTestFinished(() => connection.end());
  return connection;
}
const opened = async (url: string): Promise<string> => {
  try {
    const store = await openStore({ url, collections: [keys], clock: () => 0 });
    await store.close();
    return "open";
  } catch (error) {
    return String(error);
  }
};

test("a session has its limits, its name and durable commits", async () => {
  const connection = await connected(await sharedDatabase());
  const names = [
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "application_name",
    "synchronous_commit",
    "transaction_isolation",
  ];
  const answers = await connection.run(names.map((name) => plainStep(`SHOW ${name}`)));
  expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual([
    "1234ms",
    "2345ms",
    "3456ms",
    "koder-id",
    "on",
    "read committed",
  ]);
});

test.each([
  ["synchronous_commit = off", /synchronous_commit is off for this user or database/],
  ["default_transaction_read_only = on", /read-only/],
])("a database with %s is refused", async (setting, message) => {
  const url = await sharedDatabase();
  const client = await outsider(url);
  const { rows } = await client.query<{ name: string }>("SELECT current_database() AS name");
  expect(await opened(url)).toBe("open");
  await client.query(`ALTER DATABASE "${rows[0]?.name}" SET ${setting}`);
  expect(await opened(url)).toMatch(message);
});

test("a database in another encoding is refused", async () => {
  const url = await sharedDatabase();
  const client = await outsider(url);
  const name = `latin-${new URL(url).pathname.slice(1)}`;
  await client.query(`CREATE DATABASE "${name}" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  const latin = new URL(url);
  latin.pathname = `/${name}`;
  expect(await opened(latin.href)).toMatch(/must be made with ENCODING 'UTF8', not LATIN1/);
});

test("steps sent together are answered each on its own", async () => {
  const connection = await connected(await sharedDatabase());
  const echo = statement("SELECT $1::bigint, $2::text, $3::bytea");
  const answers = await connection.run([
    step(echo, 2 ** 53 - 1, "é", Uint8Array.of(0, 255)),
    step(statement("SELECT 1 / $1::bigint"), 0),
    step(echo, null, null, null),
  ]);
  expect(answers[0]?.rows).toEqual([[2 ** 53 - 1, "é", Uint8Array.of(0, 255)]]);
  expect(answers[1]?.error?.code).toBe("22012");
  expect(answers[2]?.rows).toEqual([[null, null, null]]);
});

test("a session that ends loses what was asked of it, and says so once", async () => {
  const url = await sharedDatabase();
  let lost = 0;
  const connection = await connect(readPostgresUrl(url), limits, () => {
    lost += 1;
  });
  const [answer] = await connection.run([plainStep("SELECT pg_backend_pid()")]);
  const asked = connection.run([plainStep("SELECT pg_sleep(1)"), plainStep("SELECT 1")]);
  const client = await outsider(url);
  await client.query("SELECT pg_terminate_backend($1)", [answer?.rows[0]?.[0]]);
  await expect(asked).rejects.toBeInstanceOf(ConnectionLost);
  await expect(connection.run([plainStep("SELECT 1")])).rejects.toBeInstanceOf(ConnectionLost);
  expect([connection.isLost(), lost]).toEqual([true, 1]);
  await connection.end();
});
