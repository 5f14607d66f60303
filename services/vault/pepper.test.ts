import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPepper } from "./pepper.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "koder-id-pepper-"));
});
afterAll(() => rm(folder, { recursive: true }));

const key = () => randomBytes(32).toString("base64");
const written = async (text: string, mode = 0o600) => {
  const file = join(folder, randomBytes(6).toString("hex"));
  await writeFile(file, text, { mode });
  return file;
};

test("the first key makes what is new, each mixes as itself", async () => {
  const [a, b] = [key(), key()];
  const both = await loadPepper(await written(`b:${b}\na:${a}\n`));
  const old = await loadPepper(await written(`a:${a}\n`));
  expect([both.newest, old.newest]).toEqual(["b", "a"]);
  expect(both.mix("a", "correct horse")).toBe(old.mix("a", "correct horse"));
  expect(both.mix("b", "correct horse")).not.toBe(both.mix("a", "correct horse"));
  expect(() => old.mix("b", "correct horse")).toThrow("the pepper key b");
});

test.each([
  ["an empty file", "", "is empty"],
  ["no name", `${key()}\n`, "line 1 must be"],
  ["a short key", `a:${randomBytes(31).toString("base64")}\n`, "line 1 must be"],
  ["a name twice", `a:${key()}\na:${key()}\n`, "line 2 must be"],
])("refuses %s, and tells nothing of a key", async (_what, text, why) => {
  const file = await written(text);
  const failed = await loadPepper(file).then(
    () => "loaded",
    (error: Error) => error.message,
  );
  expect(failed).toContain(why);
  for (const one of text.match(/[A-Za-z0-9+/]{40,}/g) ?? []) expect(failed).not.toContain(one);
});

test("refuses a file that others may read, and one that is not there", async () => {
  await expect(loadPepper(await written(`a:${key()}\n`, 0o644))).rejects.toThrow("mode 0644");
  await expect(loadPepper(join(folder, "none"))).rejects.toThrow("does not exist");
});
