import { writeSync } from "node:fs";

/** Says a line to whoever started this process, straight to the kernel: what stays in this process dies with it. */
export function say(line: string): void {
  for (;;) {
    try {
      return void writeSync(1, `${line}\n`);
    } catch (error) {
      // Whoever listens is behind with reading.
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EAGAIN") throw error;
    }
  }
}
