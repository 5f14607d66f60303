import { createHash, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { link, mkdir, open, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { readPrivateFile } from "./read-private-file.ts";

/** A key that wraps the tenants' data keys. */
export interface MasterKey {
  /** Names the key in what it wrapped; derived from it, says nothing of it. */
  readonly id: string;
  readonly key: KeyObject;
}

/** The master keys of an instance: the first wraps, all of them unwrap. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

/** What a master key file holds for one key: `kmk1_<id>_<base64url of 32 bytes>`. The id doubles as a checksum. */
const writeLine = (bytes: Uint8Array): string => `kmk1_${idOf(bytes)}_${Buffer.from(bytes).toString("base64url")}\n`;

/** A new master key, of 256 random bits. */
export function newMasterKey(): MasterKey {
  const bytes = randomBytes(32);
  return { id: idOf(bytes), key: createSecretKey(bytes) };
}

const idOf = (bytes: Uint8Array): string =>
  createHash("sha256").update("koder-id master key id\0").update(bytes).digest("hex").slice(0, 16);

function readLine(line: string, lineNumber: number, file: string): MasterKey {
  const [, encoded = ""] = /^kmk1_[0-9a-f]{16}_([A-Za-z0-9_-]{43})$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, "base64url");
  // As we write it, to the last character: base64url has several spellings of the same bytes.
  // The message must not repeat the line: what is damaged may still be most of a key.
  if (bytes.length !== 32 || writeLine(bytes) !== `${line}\n`) {
    throw new Error(`the master key file ${file} is damaged: line ${lineNumber} is not a whole kmk1_ key`);
  }
  return { id: idOf(bytes), key: createSecretKey(bytes) };
}

/**
 * Reads the master keys from a file that only its owner may read; the first line wraps, the others still unwrap. Where
 * there is no file and `mayCreate`, makes one with a new key, mode 0600, whole and durable before it answers; of processes
 * that do so at once one makes it and all read the same. Throws with a sentence for people that names the file, never a key.
 */
export async function loadMasterKeys({ file, mayCreate }: { file: string; mayCreate: boolean }): Promise<MasterKeys> {
  if (mayCreate && !(await exists(file))) {
    await createIfAbsent(resolve(file)).catch((cause: unknown) => {
      throw new Error(`the master key file ${file} cannot be created`, { cause });
    });
  }
  const text = await readPrivateFile("master key file", file).catch((error: unknown) => {
    throw isMissing(error) ? new Error(`${error.message}: ${whatToDo}`, { cause: error.cause }) : error;
  });
  const lines = text.split(/\r?\n/);
  const keys = lines.flatMap((line, i) => (line === "" ? [] : [readLine(line, i + 1, file)]));
  const [first, ...others] = keys;
  if (first === undefined) throw new Error(`the master key file ${file} is empty`);
  return [first, ...others];
}

/** Where no key may be made, because the store has data under one. */
const whatToDo =
  "put a copy of this store's master key there, as its other servers have it, or name its file in KODER_ID_MASTER_KEY_FILE";

const isMissing = (error: unknown): error is Error =>
  error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false, // whoever opens or makes it says why
  );

/** The file gets its name only when it is whole: a crash, or another process that looks, finds all of it or nothing. */
async function createIfAbsent(file: string): Promise<void> {
  const directory = dirname(file);
  const firstMade = await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = draftOf(file);
  try {
    await closing(open(draft, "wx", 0o600), async (handle) => {
      await handle.chmod(0o600); // whatever the umask left
      await handle.writeFile(writeLine(randomBytes(32)));
      await handle.sync();
    });
    // A link fails where the name is taken; a rename would overwrite the key of whoever was first.
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectories(directory, firstMade === undefined ? directory : dirname(firstMade));
}

/**
 * Puts a file with these keys, in their order, in the place of the one that is there: whoever reads it, also after a power
 * cut, finds all of the old or all of the new. It keeps its owner and mode, so that a server that could read it still can.
 * Throws with a sentence for people that names the file, never a key.
 */
export async function replaceMasterKeys(file: string, keys: MasterKeys): Promise<void> {
  const lines = keys.map(({ key }) => writeLine(key.export())).join("");
  try {
    const target = await realpath(file);
    const { uid, gid, mode } = await stat(target);
    const directory = dirname(target);
    const draft = draftOf(target);
    try {
      await closing(open(draft, "wx", 0o600), async (handle) => {
        await handle.chown(uid, gid);
        await handle.chmod(mode & 0o777);
        await handle.writeFile(lines);
        await handle.sync();
      });
      await rename(draft, target);
    } finally {
      await rm(draft, { force: true });
    }
    await closing(open(directory), (handle) => handle.sync());
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new Error(`the master key file ${file} cannot be written${why}`, { cause });
  }
}

/** A file beside another that nobody else writes. */
const draftOf = (file: string): string => join(dirname(file), `.${basename(file)}.${randomBytes(8).toString("hex")}`);

/** Makes names durable, from a directory up to one that was there before: a lost key file is lost data. */
async function syncDirectories(from: string, upTo: string): Promise<void> {
  for (let directory = from; ; directory = dirname(directory)) {
    await closing(open(directory), (handle) => handle.sync());
    if (directory === upTo || directory === dirname(directory)) return;
  }
}

async function closing(opening: Promise<FileHandle>, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await opening;
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}
