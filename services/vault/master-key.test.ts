import { randomBytes } from "node:crypto";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadMasterKeys, newMasterKey, replaceMasterKeys, type MasterKeys } from "./master-key.ts";

let directory = "";
let file = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "master-key-"));
  file = join(directory, "master.key");
});
afterEach(() => rm(directory, { recursive: true }));

const create = (path = file) => loadMasterKeys({ file: path, mayCreate: true });
const load = (path = file) => loadMasterKeys({ file: path, mayCreate: false });
const bytesOf = (keys: MasterKeys) => keys.map(({ key }) => key.export().toString("hex"));
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe("the first start", () => {
  test("makes one key of 32 bytes, readable by its owner alone, and leaves nothing else", async () => {
    const keys = await create();
    expect(keys).toHaveLength(1);
    expect(keys[0].key.symmetricKeySize).toBe(32);
    expect(await modeOf(file)).toBe(0o600);
    expect(await readFile(file, "utf8")).toMatch(/^kmk1_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n$/);
    expect(await readdir(directory)).toEqual(["master.key"]);
  });

  test("is remembered by the second, which changes nothing", async () => {
    const keys = await create();
    const before = await readFile(file);
    expect(bytesOf(await create())).toEqual(bytesOf(keys));
    expect(bytesOf(await load())).toEqual(bytesOf(keys));
    expect(await readFile(file)).toEqual(before);
  });

  test("makes the directories that are missing, for their owner alone", async () => {
    const nested = join(directory, "a", "b", "master.key");
    await create(nested);
    expect(await modeOf(join(directory, "a"))).toBe(0o700);
    expect(await modeOf(join(directory, "a", "b"))).toBe(0o700);
  });

  test("of many at once gives all of them the same key", async () => {
    for (let round = 0; round < 10; round++) {
      const path = join(directory, `${round}.key`);
      const all = await Promise.all(Array.from({ length: 20 }, () => create(path)));
      expect(new Set(all.map((keys) => keys[0].id)).size).toBe(1);
      expect(new Set(all.flatMap(bytesOf)).size).toBe(1);
    }
    expect(await readdir(directory)).toHaveLength(10);
  });

  test("gives two instances different keys", async () => {
    const [one, two] = await Promise.all([create(), create(join(directory, "two.key"))]);
    expect(one[0].id).not.toBe(two[0].id);
    expect(bytesOf(one)).not.toEqual(bytesOf(two));
  });

  test("does not happen where it may not", async () => {
    const what = `the master key file ${file} does not exist: put a copy of this store's master key there`;
    await expect(load()).rejects.toThrow(what);
    expect(await readdir(directory)).toEqual([]);
  });

  test("says so where it cannot be", async () => {
    await writeFile(join(directory, "file"), "");
    const path = join(directory, "file", "master.key");
    await expect(create(path)).rejects.toThrow(`the master key file ${path} cannot be created`);
  });

  test("does not go through a link that leads nowhere", async () => {
    await symlink(join(directory, "nowhere"), file);
    await expect(create()).rejects.toThrow("does not exist");
  });
});

describe("a file that others may touch is refused", () => {
  test.each([0o640, 0o644, 0o604, 0o620, 0o602, 0o660, 0o666, 0o610, 0o601, 0o777])("mode %o", async (mode) => {
    await create();
    await chmod(file, mode);
    const message = `the master key file ${file} has mode 0${mode.toString(8)}, open to others than its owner: set it to 0600`;
    await expect(load()).rejects.toThrow(message);
    await expect(create()).rejects.toThrow(message);
  });

  test.each([0o400, 0o600, 0o700])("but not mode %o", async (mode) => {
    const keys = await create();
    await chmod(file, mode);
    expect(bytesOf(await load())).toEqual(bytesOf(keys));
  });

  test("nor is a directory a key", async () => {
    await mkdir(file, { mode: 0o700 });
    await expect(create()).rejects.toThrow(`the master key file ${file} is not a regular file`);
  });
});

describe("several keys", () => {
  test("are read in their order: the first wraps", async () => {
    const [one, two] = await Promise.all([create(), create(join(directory, "two.key"))]);
    const lines = await Promise.all([join(directory, "two.key"), file].map((path) => readFile(path, "utf8")));
    await writeFile(file, lines.join(""));
    expect(bytesOf(await load())).toEqual([...bytesOf(two), ...bytesOf(one)]);
  });

  test("may be told apart by blank lines and Windows' line ends", async () => {
    const keys = await create();
    const line = (await readFile(file, "utf8")).trim();
    await writeFile(file, `\r\n${line}\r\n\r\n${line}`);
    expect(bytesOf(await load())).toEqual([...bytesOf(keys), ...bytesOf(keys)]);
  });
});

describe("other keys in the place of those that are there", () => {
  test("are read by whoever opens the file next, and it keeps its mode", async () => {
    const [old] = await create();
    await chmod(file, 0o400);
    const fresh = newMasterKey();
    await replaceMasterKeys(file, [fresh, old]);
    expect(bytesOf(await load())).toEqual(bytesOf([fresh, old]));
    expect(await modeOf(file)).toBe(0o400);
    expect(await readdir(directory)).toEqual(["master.key"]);
  });

  test("are found whole or not at all by readers at any moment", async () => {
    let keys = await create();
    const reader = { reads: true };
    const found = new Set<string>();
    const reading = (async () => {
      while (reader.reads) for (const { id } of await load()) found.add(id);
    })();
    for (let round = 0; round < 50; round += 1) {
      keys = [newMasterKey(), keys[0]];
      await replaceMasterKeys(file, keys);
    }
    reader.reads = false;
    await reading;
    expect(found.size).toBeGreaterThan(1);
  });

  test("go where a link leads, and leave the link", async () => {
    const [old] = await create();
    const name = join(directory, "link");
    await symlink(file, name);
    const fresh = newMasterKey();
    await replaceMasterKeys(name, [fresh, old]);
    expect(bytesOf(await load(file))).toEqual(bytesOf([fresh, old]));
    expect((await lstat(name)).isSymbolicLink()).toBe(true);
  });

  test("where they cannot be written, the file says so and stays as it was", async () => {
    const keys = await create();
    const error = await replaceMasterKeys(join(directory, "gone"), keys).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`the master key file ${join(directory, "gone")} cannot be written (ENOENT)`);
    expect(bytesOf(await load())).toEqual(bytesOf(keys));
  });
});

describe("damage is told, and the message repeats nothing of the key", () => {
  test("any cut and any changed character", async () => {
    await create();
    const line = (await readFile(file, "utf8")).trim();
    for (let at = 1; at < line.length; at++) {
      const changed = line.slice(0, at) + (line[at] === "A" ? "B" : "A") + line.slice(at + 1);
      for (const damaged of [line.slice(0, at), changed]) {
        await writeFile(file, damaged);
        const error = await load().then(
          () => new Error(`was accepted when damaged at ${at}`),
          (thrown: Error) => thrown,
        );
        expect(error.message).toBe(`the master key file ${file} is damaged: line 1 is not a whole kmk1_ key`);
        expect(inspect(error)).not.toContain(line.slice(30, 50));
      }
    }
  });

  test("another spelling of the same bytes", async () => {
    await create();
    const line = (await readFile(file, "utf8")).trim();
    // The last of 43 characters has two bits that decode to nothing, and are not set.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(line.at(-1) ?? "");
    for (const other of alphabet.slice(last + 1, last + 4)) {
      await writeFile(file, `${line.slice(0, -1)}${other}`);
      await expect(load()).rejects.toThrow("line 1 is not a whole kmk1_ key");
    }
  });

  test("names the line", async () => {
    await create();
    await writeFile(file, `${await readFile(file, "utf8")}kmk1_${randomBytes(32).toString("hex")}\n`);
    await expect(load()).rejects.toThrow("line 2 is not a whole kmk1_ key");
  });

  test("an empty file is not a key, and no new one is put in its place", async () => {
    await writeFile(file, "\n", { mode: 0o600 });
    await expect(create()).rejects.toThrow(`the master key file ${file} is empty`);
    expect(await readFile(file, "utf8")).toBe("\n");
  });
});
