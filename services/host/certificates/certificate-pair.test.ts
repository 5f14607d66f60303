import { X509Certificate } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeAuthority } from "../../../tests/support/certificates.ts";
import { followPair } from "./certificate-pair.ts";

test("files that change before anybody connects are shown to the first who does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-certificate-pair-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = makeAuthority(folder);
  const [files, renewed] = [authority.issue("own"), authority.issue("renewed")];
  let made = 0;
  const pair = followPair(files, {
    first: 0,
    make: () => (made += 1),
    onBroken: ({ fault }) => expect.unreachable(fault),
    clock: Date.now,
  });
  copyFileSync(renewed.certFile, files.certFile);
  copyFileSync(renewed.keyFile, files.keyFile);
  expect(await pair.current()).toBe(1);
});

test("one that is not good yet is shown where the one before has run out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-certificate-pair-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = makeAuthority(folder);
  const [files, renewed] = [authority.issue("own"), authority.issue("renewed")];
  const goodFrom = Date.parse(new X509Certificate(readFileSync(renewed.certFile)).validFrom);
  let now = goodFrom - 60_000;
  const faults: string[] = [];
  const pair = followPair(files, {
    first: "before",
    firstUntil: goodFrom - 30_000,
    make: () => "renewed",
    onBroken: ({ fault }) => void faults.push(fault),
    clock: () => now,
  });
  copyFileSync(renewed.certFile, files.certFile);
  copyFileSync(renewed.keyFile, files.keyFile);
  expect(await pair.current()).toBe("before");
  now = goodFrom - 30_000;
  expect(await pair.current()).toBe("before");
  now = goodFrom - 20_000;
  expect(await pair.current()).toBe("renewed");
  expect(faults).toEqual([expect.stringMatching(/^the certificate is not good before .*Z; the one before is shown/)]);
});
