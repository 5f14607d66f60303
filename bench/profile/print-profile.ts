import { ownTimes, type Profile, type ProfileNode } from "./profile.ts";

/** The `shown` functions that took the longest, themselves and with all that they call, in microseconds a request. */
export function printProfile(profile: Profile, requests: number, shown: number): void {
  const own = ownTimes(profile);
  const { nodes } = profile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const [self, total] = [new Map<string, number>(), new Map<string, number>()];
  const add = (to: Map<string, number>, key: string, time: number) => to.set(key, (to.get(key) ?? 0) + time);
  function walk(node: ProfileNode, above: ReadonlySet<string>): number {
    const key = nameOf(node);
    const path = new Set(above).add(key);
    let time = own.get(node.id) ?? 0;
    add(self, key, time);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) time += walk(child, path);
    }
    if (!above.has(key)) add(total, key, time);
    return time;
  }
  const [root] = nodes;
  if (root !== undefined) walk(root, new Set());
  const column = (microseconds = 0) => (microseconds / requests).toFixed(1).padStart(8);
  process.stdout.write("  itself   total  µs a request\n");
  for (const [key, time] of Array.from(self)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, shown)) {
    process.stdout.write(`${column(time)}${column(total.get(key))}  ${key}\n`);
  }
  process.stdout.write("our own functions, with all that they call\n");
  const ours = Array.from(total).filter(([key]) => key.includes(" services/"));
  for (const [key, time] of ours.toSorted((a, b) => b[1] - a[1]).slice(0, shown)) {
    process.stdout.write(`${column(self.get(key))}${column(time)}  ${key}\n`);
  }
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  return `${functionName || "(anonymous)"} ${url.replace(/^.*\/(?=services|node_modules|gen)/, "")}:${lineNumber + 1}`;
}
