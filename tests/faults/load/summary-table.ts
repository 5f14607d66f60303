import type { Tally } from "./tally.ts";

/** What was done to the servers while clients asked. */
export interface Faults {
  readonly kills: number;
  readonly failedStarts: number;
  readonly databaseRestarts: readonly string[];
  /** How long the killed one was away, each time, in milliseconds. */
  readonly away: readonly number[];
}

/** The run as a table for people, in Markdown; `checked` has what was looked at afterwards. */
export function summaryTable(tally: Tally, faults: Faults, checked: Readonly<Record<string, number>>): string {
  const counts = Array.from(tally.counts, ([kind, { sent, succeeded, unavailable, connectionErrors }]) => {
    const refused = sent - succeeded - unavailable - connectionErrors;
    return `| ${[kind, sent, succeeded, unavailable, connectionErrors, refused].join(" | ")} |`;
  });
  const longest = Math.round(Math.max(...faults.away));
  const facts: readonly (readonly [string, number | string])[] = [
    ["kills of a replica (SIGKILL)", faults.kills],
    ["the longest time that one was away", `${longest} ms`],
    ["starts that failed because the database was away", faults.failedStarts],
    ["restarts of PostgreSQL", faults.databaseRestarts.join(", ")],
    ["the longest time without any success", `${Math.round(tally.longestOutage())} ms`],
    ...tally.notes,
    ...Object.entries(checked),
  ];
  return [
    "| Requests | Sent | Succeeded | 503 with Retry-After | Connection errors | Refused as they must be |",
    "|---|---|---|---|---|---|",
    ...counts,
    "",
    "| | |",
    "|---|---|",
    ...facts.map(([name, value]) => `| ${name} | ${value} |`),
    "",
  ].join("\n");
}
