import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { allCollections } from "../../../services/assembly/data.ts";
import { copyStore, hasEqualSums, type ComparedPart } from "../../../services/store/copy/copy-store.ts";
import { sumOfAll, type Sum } from "../../../services/store/copy/checksums.ts";
import { openStore } from "../../../services/store/open-store.ts";
import { required, type Command } from "../command.ts";
import { openExistingStore, refuseMemory } from "../open-existing-store.ts";
import { createProgress, type Progress } from "../progress.ts";
import { table } from "../table.ts";

/** Which lease a server at work has, and how long that of one that was killed is waited for, in milliseconds. */
const [leaseName, patience] = ["sequencer", 10_000];
/** As many tenants have lines of their own in the table; the JSON always has all. */
const mostListed = 20;

/** `koder-id store copy`: moves everything of a store into an empty one, and shows that it is the same. */
export const storeCopy: Command = {
  summary: "Copy a whole store into an empty one, and compare; run again, it goes on where it was interrupted",
  usage: "--from <store> --to <store>",
  options: { from: { type: "string" }, to: { type: "string" } },
  async run(args, { out, err }) {
    const [from, to] = [required(args, "from"), required(args, "to")];
    refuseMemory(to);
    err.write("Nothing may write to either store until this is done: every server on them must be stopped.\n");
    const source = await openExistingStore(from);
    let progress: Progress | undefined;
    try {
      const target = await openStore({ url: to, collections: allCollections, clock: Date.now });
      try {
        const result = await copyStore({
          source,
          target,
          lease: { name: leaseName, holder: randomUUID(), patience },
          newId: randomUUID,
          clock: Date.now,
          delay,
          onPhase(phase, total) {
            progress?.end();
            progress = createProgress({ err, label: phase, total });
          },
          onRows: (rows) => progress?.update(rows),
        });
        progress?.end();
        const { copied, parts, isEqual } = result;
        out.write(args.values["json"] === true ? json(copied, parts, isEqual) : forPeople(copied, parts, isEqual));
        return isEqual ? 0 : 1;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  },
};

interface Line {
  readonly part: string;
  readonly tenant: string;
  readonly source: Sum;
  readonly target: Sum;
}

const nothing: Sum = { rows: 0, checksum: "" };

/** A line for each part and tenant. */
function linesOf({ part, source, target }: ComparedPart): readonly Line[] {
  const tenants = [...new Set([...source.keys(), ...target.keys()])].toSorted();
  return tenants.map((tenant) => ({
    part,
    tenant,
    source: source.get(tenant) ?? nothing,
    target: target.get(tenant) ?? nothing,
  }));
}

const isSame = ({ source, target }: Line): boolean => source.checksum === target.checksum;

function json(copied: number, parts: readonly ComparedPart[], isEqual: boolean): string {
  const compared = parts.flatMap(linesOf).map((line) => ({ ...line, same: isSame(line) }));
  return `${JSON.stringify({ equal: isEqual, copied, parts: compared })}\n`;
}

function forPeople(copied: number, parts: readonly ComparedPart[], isEqual: boolean): string {
  const heading = ["part", "tenant", "source", "target", "checksum", ""];
  const rows = parts.flatMap((part) => {
    const lines = linesOf(part);
    if (lines.length <= mostListed) return lines.map((line) => cells(line, isSame(line)));
    const all = { source: sumOfAll(part.source), target: sumOfAll(part.target) };
    const different = lines.filter((line) => !isSame(line)).slice(0, mostListed);
    return [
      cells({ part: part.part, tenant: `all ${lines.length} of them`, ...all }, hasEqualSums(part)),
      ...different.map((line) => cells(line, false)),
    ];
  });
  const end = isEqual
    ? `All is equal. Rows that this run copied: ${copied.toLocaleString("en-US")}. Servers on the new store need the same ` +
      "master key as before; the old store must not be used any more.\n"
    : "The stores are NOT equal: no server can start on the target. Start again with an empty one.\n";
  return `${table([heading, ...rows])}\n${end}`;
}

const cells = ({ part, tenant, source, target }: Line, same: boolean): readonly (string | number)[] => [
  part,
  tenant,
  source.rows,
  target.rows,
  source.checksum.slice(0, 16),
  same ? "equal" : "DIFFERENT",
];
