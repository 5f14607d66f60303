/** What the profiler of V8 gives: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function where it was called from. */
export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** The `shown` functions that took the longest, themselves and with all that they call, in microseconds a request. */
export function printProfile({ nodes, samples, timeDeltas }: Profile, requests: number, shown: number): void {
  const own = new Map<number, number>();
  samples.forEach((id, index) => own.set(id, (own.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
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
