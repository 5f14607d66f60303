import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
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
