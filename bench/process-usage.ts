import { readFileSync } from "node:fs";

/** Ticks a second of /proc: USER_HZ, 100 on every Linux that we know. */
const ticksPerSecond = 100;

/** CPU time of a process until now, user and system, all threads, in microseconds (proc(5)); resolution 10 ms. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold spaces; utime and stime are the 14th and 15th fields.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
}

/** Resident memory of a process, in MiB. */
export function residentMebibytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
