import { open } from "node:fs/promises";

/**
 * Reads a file of keys that only its owner may read. Checks the very file that it then reads, so that none can be put in its
 * place in between. Throws with a sentence for people that names it, as `the <what> <file>`, and nothing of what is in it.
 */
export async function readPrivateFile(what: string, file: string): Promise<string> {
  const handle = await open(file, "r").catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "does not exist" : `cannot be read (${cause.code ?? "unknown"})`;
    throw new Error(`the ${what} ${file} ${why}`, { cause });
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error(`the ${what} ${file} is not a regular file`);
    if ((found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
      throw new Error(`the ${what} ${file} has mode ${mode}, open to others than its owner: set it to 0600`);
    }
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}
