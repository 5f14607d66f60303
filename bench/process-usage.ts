import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Ticks a second of /proc: USER_HZ, 100 on every Linux that we know. */
const ticksPerSecond = 100;
const microsecondsPerTick = 1_000_000 / ticksPerSecond;

/** Whether the kernel counts the time of threads in nanoseconds (CONFIG_SCHED_INFO); else there are ticks of 10 ms. */
const isFine = existsSync("/proc/self/schedstat");

/** CPU time of a process until now, user and system, all threads, in microseconds (proc(5)). */
export function cpuMicroseconds(pid: number): number {
  if (isFine) return threadMicroseconds(pid);
  const { own } = ticksOf(pid);
  return own * microsecondsPerTick;
}

/** CPU time of a process, of all that it has started, and of those of them that have ended. */
export function treeCpuMicroseconds(root: number): number {
  let sum = 0;
  for (const pid of tree(root)) {
    try {
      sum += cpuMicroseconds(pid) + ticksOf(pid).ofEnded * microsecondsPerTick;
    } catch (error) {
      if (!isGone(error)) throw error; // its parent has its time now
    }
  }
  return sum;
}

/** Resident memory of a process and of all that it has started, in MiB. What they share counts for each. */
export function residentMebibytes(root: number): number {
  let kilobytes = 0;
  for (const pid of tree(root)) {
    kilobytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** Threads that have ended do not count: those of our servers, and of Node's pool, live as long as the process. */
function threadMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return nanoseconds / 1000;
}

/** User and system time of a process, and of the children that it has waited for, in ticks; and its parent. */
function ticksOf(pid: number): { readonly parent: number; readonly own: number; readonly ofEnded: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold spaces; ppid is the 4th field, utime, stime, cutime and cstime are the 14th to 17th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const at = (field: number) => Number(fields[field - 3]);
  return { parent: at(4), own: at(14) + at(15), ofEnded: at(16) + at(17) };
}

/** A process and all that it has started. */
function tree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const { parent } = ticksOf(Number(entry));
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ESRCH";
}
