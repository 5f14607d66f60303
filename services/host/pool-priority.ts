import { readdir, readFile } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import type { Log } from "./log.ts";

/** By how much the threads of the pool are nicer than the process: beside one that is not they get a tenth of a busy processor. */
const nicer = 10;
/** The largest nice value that there is: setpriority(2). */
const nicest = 19;

const threads = "/proc/self/task";
/** What libuv calls the threads of its pool. */
const poolThread = "libuv-worker";

/**
 * Has the threads of libuv's pool give way to the event loop where processors are short. Passwords are hashed there, for
 * milliseconds each, and whatever else is asked meanwhile had to wait for a processor as often as they had. Linux alone gives a
 * thread a priority of its own; where there are none, or it is not allowed, everything stays as it is, and the log says so.
 */
export async function lowerPoolPriority(log: Pick<Log, "info">): Promise<void> {
  if (process.platform !== "linux") return;
  try {
    const nice = Math.min(getPriority() + nicer, nicest);
    // Reading the folder is work of the pool itself, which starts all of its threads with the first: they are all in it.
    for (const id of await readdir(threads)) {
      const name = await readFile(`${threads}/${id}/comm`, "utf8");
      if (name.trim() === poolThread) setPriority(Number(id), nice);
    }
  } catch (error) {
    log.info({ err: error }, "the threads that hash passwords keep their priority: tokens wait while many sign in");
  }
}
