import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

test.each([
  [{}, "data/admin-api-key"],
  [{ KODER_ID_DATA: "" }, "data/admin-api-key"],
  [{ KODER_ID_DATA: "elsewhere" }, "elsewhere/admin-api-key"],
])(
  "without a key of its own, with %j, a command looks for the first start's where the server wrote it",
  (set, path) => {
    const cwd = mkdtempSync(join(tmpdir(), "koder-id-cli-"));
    onTestFinished(() => rmSync(cwd, { recursive: true }));
    const args = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "koder-id.ts"), "key", "list"];
    const env = { PATH: process.env["PATH"], ...set };
    const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: "utf8" });
    expect([status, stderr]).toEqual([2, expect.stringContaining(`(${path} cannot be read)`)]);
  },
);
