import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Round } from "./measure.ts";

/** One case of a run. */
export interface Row {
  readonly name: string;
  /** × limit. */
  readonly budget: number;
  readonly now: number;
  readonly limit: Round;
  readonly ours: Round;
  readonly memory: Round;
  readonly sqlite: Round;
}

/** A server as it stands ready: medians of several starts. */
export interface Start {
  /** Milliseconds from spawning to the ready line, and of CPU until then. */
  readonly wall: number;
  readonly cpu: number;
  /** MiB resident. */
  readonly resident: number;
}

/** A run of the benchmarks. */
export interface Report {
  readonly machine: string;
  readonly rows: readonly Row[];
  /** MiB resident. */
  readonly memory: { readonly idle: number; readonly afterLoad: number; readonly tokensIssued: number };
  readonly coldStart: {
    readonly ours: Start;
    /** Ours the very first time after an installation; one start. */
    readonly first: Start;
    readonly bare: Start;
  };
}

const begin = "<!-- bench: begin -->";
const end = "<!-- bench: end -->";

/** The report in Markdown; with a file, also written between the marks in it. */
export function writeReport(report: Report, { file }: { readonly file: string | undefined }): string {
  const text = markdown(report);
  if (file !== undefined) {
    const path = join(import.meta.dirname, "..", file);
    const before = readFileSync(path, "utf8");
    const [head, tail] = [before.indexOf(begin), before.indexOf(end)];
    if (head < 0 || tail < head) throw new Error(`${file} lacks the marks ${begin} and ${end}`);
    writeFileSync(path, `${before.slice(0, head + begin.length)}\n\n${text}\n${before.slice(tail)}`);
  }
  return text;
}

function markdown({ machine, rows, memory, coldStart }: Report): string {
  const ratio = (a: Round, b: Round) => (a.cpu / b.cpu).toFixed(2);
  const lines = rows.map(({ name, budget, now, limit, ours, memory: inMemory, sqlite }) =>
    [
      name,
      limit.cpu.toFixed(0),
      ours.cpu.toFixed(0),
      `**${ratio(ours, limit)}**`,
      `${now} / ${budget}`,
      `${ratio(inMemory, limit)} / ${ratio(sqlite, limit)}`,
      `${ours.rate.toFixed(0)} / ${inMemory.rate.toFixed(0)} / ${sqlite.rate.toFixed(0)}`,
      `${ours.p50.toFixed(1)} / ${ours.p99.toFixed(1)}`,
    ].join(" | "),
  );
  return [
    `Measured on ${machine}.`,
    "",
    "| Work | limit, µs | ours, µs | ours × limit | asked now / budget | oidc-provider × limit: memory / sqlite | requests/s: ours / memory / sqlite | p50 / p99, ms |",
    "|---|---|---|---|---|---|---|---|",
    ...lines.map((line) => `| ${line} |`),
    "",
    `Resident: ${memory.idle.toFixed(0)} MiB idle, ${memory.afterLoad.toFixed(0)} MiB after about ${memory.tokensIssued} tokens (limit 150); a bare Fastify: ${coldStart.bare.resident.toFixed(0)} MiB idle.`,
    `Cold start to ready, empty data folder, key generation included: ${startTimes(coldStart.ours)}; the very first start after an installation, when nothing is compiled: ${startTimes(coldStart.first)}, ${coldStart.first.resident.toFixed(0)} MiB; a bare Fastify: ${startTimes(coldStart.bare)}.`,
    "",
  ].join("\n");
}

const startTimes = ({ wall, cpu }: Start): string => `${wall.toFixed(0)} ms (${cpu.toFixed(0)} ms of CPU)`;

/** One case in a line: what it costs beside what is asked of it, and beside the peer. */
export function verdict({ name, budget, now, limit, ours, memory, sqlite }: Row): string {
  const ratio = ours.cpu / limit.cpu;
  const standing = ratio <= budget ? "within its budget" : ratio <= now ? "within what is asked now" : "TOO DEAR";
  const beside = (peer: Round) => (ours.cpu / peer.cpu).toFixed(2);
  return `${name}: ${ratio.toFixed(2)} × limit, ${standing} (${now} now, budget ${budget}); ${beside(memory)} × oidc-provider in memory, ${beside(sqlite)} × on sqlite`;
}
