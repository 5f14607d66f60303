import { X509Certificate } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { once } from "node:events";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { makeAuthority, type Authority, type Certificate } from "../../../tests/support/certificates.ts";
import { createCertificateFolder } from "./certificate-folder.ts";
import type { BrokenCertificate } from "./certificate-pair.ts";

let made: string;
let authority: Authority;
let own: Certificate;
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), "koder-id-certificates-"));
  authority = makeAuthority(made);
  own = authority.issue("own");
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

let folder: string;
let broken: BrokenCertificate[];
let now: number;
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-certificate-folder-"));
  broken = [];
  // What a test issues meanwhile is good by then.
  now = Date.now() + 60_000;
  const { contextFor } = createCertificateFolder(folder, {
    onBroken: (one) => void broken.push(one),
    clock: () => now,
  });
  const server = createServer(
    {
      cert: readFileSync(own.certFile),
      key: readFileSync(own.keyFile),
      SNICallback: (name, answer) => void contextFor(name).then((context) => answer(null, context), answer),
    },
    (socket) => socket.on("error", () => undefined).pipe(socket),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as { port: number });
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

/** Puts a pair where the folder has that of a name. */
function put(name: string, { certFile, keyFile }: Certificate): void {
  mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(certFile, join(folder, name, "tls.crt"));
  copyFileSync(keyFile, join(folder, name, "tls.key"));
}
/** An open connection by a name. */
async function open(servername: string): Promise<TLSSocket> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername,
    ca: readFileSync(authority.certFile),
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  return socket;
}
/** The certificate that is shown for a name: its serial number. */
async function shown(servername: string): Promise<string> {
  const socket = await open(servername);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}
const serialOf = ({ certFile }: Certificate) => new X509Certificate(readFileSync(certFile)).serialNumber;

test("each name has its own, those below a domain one for all, and any other what the port has", async () => {
  const [acme, wildcard] = [authority.issue("acme", ["login.acme.test"]), authority.issue("wildcard", ["*.id.test"])];
  put("login.acme.test", acme);
  put("_.id.test", wildcard);
  expect(await shown("login.acme.test")).toBe(serialOf(acme));
  expect(await shown("LOGIN.ACME.TEST")).toBe(serialOf(acme));
  expect(await shown("one.id.test")).toBe(serialOf(wildcard));
  expect(await shown("two.id.test")).toBe(serialOf(wildcard));
  for (const name of ["id.test", "a.b.id.test", "acme.test", "nobody.test", "localhost"]) {
    expect(await shown(name), name).toBe(serialOf(own));
  }
  expect(broken).toEqual([]);
});

test("files that change are shown to who connects from then on, and nobody is cut off", async () => {
  const [first, second] = [authority.issue("first", ["a.test"]), authority.issue("second", ["a.test"])];
  put("a.test", first);
  const before = await open("a.test");
  put("a.test", second);
  expect(await shown("a.test")).toBe(serialOf(first)); // looked at a moment ago
  now += 2_000;
  expect(await shown("a.test")).toBe(serialOf(second));
  before.write("still here");
  expect(String((await once(before, "data")) as unknown)).toBe("still here");
  before.destroy();
  rmSync(join(folder, "a.test"), { recursive: true });
  now += 2_000;
  expect(await shown("a.test")).toBe(serialOf(own));
});

test("files that change are shown where the clock was ahead and was set right", async () => {
  const [first, second] = [authority.issue("first", ["a.test"]), authority.issue("second", ["a.test"])];
  now += 3_600_000;
  put("a.test", first);
  expect(await shown("a.test")).toBe(serialOf(first));
  now -= 3_600_000;
  put("a.test", second);
  expect(await shown("a.test")).toBe(serialOf(second));
});

test("a pair that cannot be used leaves the one before in its place, and is told of once", async () => {
  const [good, other, elsewhere] = [
    authority.issue("good", ["b.test"]),
    authority.issue("other", ["b.test"]),
    authority.issue("elsewhere", ["c.test"]),
  ];
  put("b.test", good);
  expect(await shown("b.test")).toBe(serialOf(good));
  for (const [certificate, key, fault] of [
    [other.certFile, good.keyFile, /key values mismatch/],
    [elsewhere.certFile, elsewhere.keyFile, /is not for b\.test/],
    [other.keyFile, other.keyFile, /./],
    [undefined, other.keyFile, /ENOENT/],
  ] as const) {
    const path = join(folder, "b.test");
    rmSync(path, { recursive: true });
    mkdirSync(path);
    if (certificate !== undefined) copyFileSync(certificate, join(path, "tls.crt"));
    copyFileSync(key, join(path, "tls.key"));
    broken = [];
    for (let look = 0; look < 2; look += 1) {
      now += 2_000;
      expect(await shown("b.test")).toBe(serialOf(good));
    }
    expect(broken).toEqual([{ certFile: join(path, "tls.crt"), fault: expect.stringMatching(fault) }]);
    expect(broken[0]?.fault).not.toContain("PRIVATE KEY");
  }
  put("b.test", other);
  now += 2_000;
  expect(await shown("b.test")).toBe(serialOf(other));
});

test("one that has run out is not put to use", async () => {
  put("d.test", authority.issue("d", ["d.test"]));
  now += 3 * 86_400_000;
  expect(await shown("d.test")).toBe(serialOf(own));
  expect(broken).toEqual([expect.objectContaining({ fault: expect.stringContaining("ran out") })]);
});

test("one that is not good yet waits until it is, or the one before has run out", async () => {
  const day = 86_400_000;
  const [first, second, other] = ["first", "second", "other"].map((name) => authority.issue(name, ["f.test"]));
  if (first === undefined || second === undefined || other === undefined) throw new Error("no certificates");
  const serials = { first: serialOf(first), second: serialOf(second) };
  const validFrom = Date.parse(new X509Certificate(readFileSync(second.certFile)).validFrom);
  put("f.test", first);
  expect(await shown("f.test")).toBe(serials.first);
  now = validFrom - 60_000;
  put("f.test", second);
  for (let look = 0; look < 2; look += 1) {
    now += 2_000;
    expect(await shown("f.test")).toBe(serials.first);
  }
  expect(broken).toEqual([
    { certFile: join(folder, "f.test", "tls.crt"), fault: expect.stringContaining("not good before") },
  ]);
  now = validFrom;
  expect(await shown("f.test")).toBe(serials.second);
  expect(broken).toHaveLength(1);

  // Where it is the only one it is shown, and one that does not fit its key waits for nothing.
  put("g.test", authority.issue("g", ["g.test"]));
  now = validFrom - day;
  expect(await shown("g.test")).not.toBe(serialOf(own));
  put("f.test", { certFile: other.certFile, keyFile: second.keyFile });
  now = validFrom - day + 2_000;
  expect(await shown("f.test")).toBe(serials.second);
  expect(broken.at(-1)?.fault).toMatch(/key values mismatch/);
});

test("one that could not be used is looked at again once others may read its files", async () => {
  put("e.test", authority.issue("e", ["e.test"]));
  // Whoever runs the tests may read everything: what keeps it from being used goes by without a change of the files here.
  now += 3 * 86_400_000;
  expect(await shown("e.test")).toBe(serialOf(own));
  now -= 3 * 86_400_000;
  expect(await shown("e.test")).toBe(serialOf(own));
  chmodSync(join(folder, "e.test", "tls.key"), 0o640);
  now += 2_000;
  expect(await shown("e.test")).not.toBe(serialOf(own));
});

test("no name leads out of the folder", async () => {
  put("in.test", authority.issue("in", ["in.test"]));
  put("_.id.test", authority.issue("below", ["*.id.test"]));
  const { contextFor } = createCertificateFolder(folder, { onBroken: () => undefined, clock: () => now });
  expect(await contextFor("in.test")).toBeDefined();
  expect(await contextFor("other.id.test")).toBeDefined();
  for (const name of [
    `../${basename(folder)}/in.test`,
    "./in.test",
    "in.test/",
    "in.test\u0000",
    "in.test.",
    "_.id.test",
    "..",
    ".",
    "",
    "a..test",
    "-a.test",
    "a-.test",
    `${"a".repeat(64)}.test`,
  ]) {
    expect(await contextFor(name), JSON.stringify(name)).toBeUndefined();
  }
  writeFileSync(join(folder, "file.test"), "no folder");
  expect(await shown("nothing.here")).toBe(serialOf(own));
});
