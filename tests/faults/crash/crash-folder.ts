import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The variable by which a server with the store that can crash is told its folder. */
export const crashFolderVariable = "KODER_CRASH_FOLDER";

/** A commit of a server. */
export interface Commit {
  /** The request on the public port that it was made for, `POST /v1/users`; empty for what the process does by itself. */
  readonly request: string;
  /** The order that was there when that began. */
  readonly order?: string | undefined;
  /** Whose collection or counter it was. */
  readonly owner: string;
  /** True for a counter: those of one moment are one transaction. */
  readonly isCounter: boolean;
}

/** When a server is to die, or to hold: once it has made so many commits, for requests or for whatever it makes them. */
export interface CrashOrder {
  /** Of requests only those count that began when this was there: what one before it still does is not what is to be cut. */
  readonly id: string;
  readonly commits: number;
  readonly of: "requests" | "everything";
  /**
   * `die`: by SIGKILL. `hold`: the request gets no further, as if its process were dead, and nothing is committed any more but for
   * other requests, until the server is killed; the order is then carried out, and another one may follow.
   */
  readonly what: "die" | "hold";
}

export type NewOrder = Omit<CrashOrder, "id">;

/** What a test and its server tell one another: the server what it committed, the test when to die. */
export interface CrashFolder {
  /** A new order, or what is left of one. */
  order(crash: NewOrder | CrashOrder | undefined): void;
  ordered(): CrashOrder | undefined;
  /** Whether an order is still to be carried out. */
  isOrdered(): boolean;
  /** Keeps a server from what it would commit by itself, and not for a request, from its first request on. */
  setQuiet(isQuiet: boolean): void;
  isQuiet(): boolean;
  note(commit: Commit): void;
  /** The commits since this was asked last. */
  commits(): readonly Commit[];
}

/** Opens the folder. Everything is written and read at once: a server that is killed in the next moment has said it. */
export function openCrashFolder(folder: string): CrashFolder {
  const [orders, commits, quiet] = ["order.json", "commits.jsonl", "quiet"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  return {
    order(crash) {
      if (crash === undefined) rmSync(orders, { force: true });
      else writeFileSync(orders, JSON.stringify({ id: randomUUID(), ...crash }));
    },
    ordered: () => (existsSync(orders) ? (JSON.parse(readFileSync(orders, "utf8")) as CrashOrder) : undefined),
    isOrdered: () => existsSync(orders),
    setQuiet(isQuiet) {
      if (isQuiet) writeFileSync(quiet, "");
      else rmSync(quiet, { force: true });
    },
    isQuiet: () => existsSync(quiet),
    note: (commit) => appendFileSync(commits, `${JSON.stringify(commit)}\n`),
    commits() {
      if (!existsSync(commits)) return [];
      const lines = readFileSync(commits, "utf8").split("\n");
      rmSync(commits);
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Commit);
    },
  };
}
