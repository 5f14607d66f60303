import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { readPostgresUrl } from "./postgres-url.ts";

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-url-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "file.pem");
  writeFileSync(path, text);
  return path;
}
/** What a mode asks for, in the order of the attempts. */
const encryption = (query: string) =>
  readPostgresUrl(`postgres://u@host/d?${query}`).encryption.map((one) =>
    one === false ? "plain" : { ca: one.ca, checked: one.rejectUnauthorized, name: one.checkServerIdentity?.name },
  );

test("all parts, decoded", () => {
  expect(
    readPostgresUrl("postgresql://us%20er:p%40s%2Fs@db.example:6432/my%2Fdb?pool_size=3&connect_timeout=7"),
  ).toMatchObject({
    host: "db.example",
    port: 6432,
    user: "us er",
    password: "p@s/s",
    database: "my/db",
    poolSize: 3,
    connectTimeout: 7_000,
    applicationName: "koder-id",
  });
});

test("what is not said is what libpq takes, and ten connections", () => {
  expect(readPostgresUrl("postgres:///d")).toMatchObject({
    host: "localhost",
    port: 5432,
    user: undefined,
    password: undefined,
    poolSize: 10,
  });
  expect(readPostgresUrl("postgres://[::1]/d").host).toBe("::1");
  expect(readPostgresUrl("postgres:///d?host=/run/postgresql")).toMatchObject({
    host: "/run/postgresql",
    encryption: [false],
  });
});

test("sslmode means what it means to libpq", () => {
  const ca = file("the root");
  const unchecked = { ca: undefined, checked: false, name: undefined };
  expect(encryption("sslmode=disable")).toEqual(["plain"]);
  expect(encryption("sslmode=allow")).toEqual(["plain", unchecked]);
  expect(encryption("sslmode=prefer")).toEqual([unchecked, "plain"]);
  expect(encryption("")).toEqual([unchecked, "plain"]);
  expect(encryption("sslmode=require")).toEqual([unchecked]);
  const withoutName = { ca: "the root", checked: true, name: "checkServerIdentity" };
  expect(encryption(`sslmode=verify-full&sslrootcert=${ca}`)).toEqual([withoutName]);
  for (const mode of ["require", "verify-ca"]) {
    expect(encryption(`sslmode=${mode}&sslrootcert=${ca}`)).toEqual([
      { ...withoutName, name: expect.not.stringMatching("checkServerIdentity") as string },
    ]);
  }
  for (const query of ["sslmode=verify-full", "sslmode=verify-full&sslrootcert=system"]) {
    expect(encryption(query)).toEqual([{ ...withoutName, ca: getCACertificates("system") }]);
  }
});

test.each([
  ["postgres://u:secret@host/d?ssl=true", "the parameter ssl is none of"],
  ["postgres://u:secret@host/d?sslmode=on", "sslmode must be one of disable, allow"],
  ["postgres://u:secret@host/d?sslmode=disable&sslmode=require", "sslmode is given twice"],
  ["postgres://u:secret@host/d?sslmode=require&sslrootcert=system", "wants sslmode=verify-full"],
  ["postgres://u:secret@host/d?sslmode=verify-full&sslrootcert=/nowhere", "sslrootcert cannot be read: ENOENT"],
  ["postgres://u:secret@host/d?sslmode=require&sslcert=/a", "sslcert and sslkey must be given together"],
  ["postgres://u:secret@host/d?pool_size=0", "pool_size must be 1 to 1000"],
  ["postgres://u:secret@host/d?connect_timeout=x", "connect_timeout must be 1 to 300"],
  ["postgres://u:sec%ret@host/d", "must be written as %25"],
  ["postgres://u:secret@host:99999/d", "it must be a URL such as"],
])("%s is refused, without its password", (url, message) => {
  let said = "";
  try {
    readPostgresUrl(url);
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain(message);
  expect(said).not.toMatch(/secret|sec%ret/);
});
