import { createHash, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { chmod, mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** A key that wraps the tenants' data keys. */
export interface MasterKey {
  /** Names the key in what it wrapped; derived from it, says nothing of it. */
  readonly id: string;
  readonly key: KeyObject;
}

/** The master keys of an instance: the first wraps, all of them unwrap. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

const prefix = "kmk1_";

/** What a master key file holds for one key: `kmk1_<id>_<base64url of 32 bytes>`. The id doubles as a checksum. */
function writeLine(bytes: Uint8Array): string {
  return `${prefix}${idOf(bytes)}_${Buffer.from(bytes).toString("base64url")}\n`;
}

const idOf = (bytes: Uint8Array): string =>
  createHash("sha256").update("koder-id master key id\0").update(bytes).digest("hex").slice(0, 16);

function readLine(line: string, file: string): MasterKey {
  const match = /^kmk1_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(line);
  const bytes = Buffer.from(match?.[2] ?? "", "base64url");
  if (match === null || bytes.length !== 32 || idOf(bytes) !== match[1]) {
    throw new Error(`the master key file ${file} is damaged: a line of it is not a whole kmk1_ key`);
  }
  return { id: match[1], key: createSecretKey(bytes) };
}

/**
 * Reads the master keys from a file that only its owner may read; the first line wraps, the others still unwrap. Where
 * there is no file and `mayCreate`, makes one with a new key, mode 0600, durable before it answers; of two processes that
 * do so at once one makes it and both read the same.
 */
export async function loadMasterKeys({ file, mayCreate }: { file: string; mayCreate: boolean }): Promise<MasterKeys> {
  if (mayCreate) await createIfAbsent(file);
  const mode = await stat(file).then(
    (found) => found.mode,
    (cause: unknown) => {
      throw new Error(`the master key file ${file} cannot be read`, { cause });
    },
  );
  if ((mode & 0o077) !== 0) {
    throw new Error(`the master key file ${file} can be read by others: set its mode to 0600`);
  }
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const [first, ...others] = lines.map((line) => readLine(line, file));
  if (first === undefined) throw new Error(`the master key file ${file} is empty`);
  return [first, ...others];
}

async function createIfAbsent(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await handle.writeFile(writeLine(randomBytes(32)));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(file, 0o600); // whatever the umask left
  const directory = await open(dirname(file));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
