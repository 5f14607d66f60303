import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeAuthority, type Authority } from "../../../tests/support/certificates.ts";
import type { BrokenCertificate } from "./certificate-pair.ts";
import { readFirstPair } from "./first-pair.ts";

let folder: string;
let authority: Authority;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-first-pair-"));
  authority = makeAuthority(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const day = 86_400_000;

test("one that has run out is told of, and shown", () => {
  const files = authority.issue("own");
  const broken: BrokenCertificate[] = [];
  const read = (now: number) => readFirstPair(files, { onBroken: (one) => void broken.push(one), now });
  expect(read(Date.now())).toEqual({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) });
  expect(broken).toEqual([]);
  read(Date.now() + 3 * day);
  expect(broken).toEqual([{ certFile: files.certFile, fault: expect.stringContaining("ran out on") as unknown }]);
});

test("one that cannot be used is refused by the names of its files, and nothing that is in them", () => {
  const { certFile, keyFile } = authority.issue("one");
  const other = authority.issue("other");
  const half = join(folder, "half.crt");
  writeFileSync(half, readFileSync(certFile).subarray(0, 200));
  const refused = (files: { readonly certFile: string; readonly keyFile: string }) => {
    const read = () => readFirstPair(files, { onBroken: () => undefined, now: Date.now() });
    expect(read).toThrow(`the certificate ${files.certFile} with the key ${files.keyFile} cannot be used: `);
    expect(read).not.toThrow("PRIVATE KEY");
  };
  refused({ certFile, keyFile: other.keyFile });
  refused({ certFile: half, keyFile });
  refused({ certFile: keyFile, keyFile });
  refused({ certFile: join(folder, "nothing.crt"), keyFile });
  refused({ certFile: folder, keyFile });
});
