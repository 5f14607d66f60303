/** A write as the model knows it. `lifetime` is counted from the moment of the commit, in milliseconds. */
export type ModelWrite =
  | {
      readonly kind: "insert" | "replace";
      readonly id: string;
      readonly code: string;
      readonly body: string;
      readonly lifetime: number | undefined;
      readonly version: number;
    }
  | { readonly kind: "delete"; readonly id: string; readonly version: number };

/** What is added to a counter; `lifetime` as that of a write. */
export interface ModelAddition {
  readonly counter: string;
  readonly n: number;
  readonly lifetime: number;
}

interface ModelRecord {
  readonly code: string;
  readonly body: string;
  readonly expires: number;
  readonly version: number;
}

interface ModelState {
  readonly now: number;
  readonly records: ReadonlyMap<string, ModelRecord>;
  readonly counters: ReadonlyMap<string, { readonly value: number; readonly expires: number }>;
}

/** What the store contract means, said as plainly as can be: values, and no time but `now`. */
export interface Model extends ModelState {
  commit(this: ModelState, writes: readonly ModelWrite[]): { model: Model; outcome: string };
  add(this: ModelState, additions: readonly ModelAddition[]): { model: Model; outcome: string };
  observe(this: ModelState): unknown;
}

/** The model of a tenant without records. */
export function emptyModel(now: number): Model {
  return modelOf({ now, records: new Map(), counters: new Map() });
}

function modelOf(state: ModelState): Model {
  return { ...state, commit, add, observe };
}

function commit(this: ModelState, writes: readonly ModelWrite[]): { model: Model; outcome: string } {
  const records = new Map(alive(this));
  for (const [position, write] of writes.entries()) {
    const reason = conflict(records, write);
    if (reason !== undefined) return { model: modelOf(this), outcome: `${position} ${reason}` };
    if (write.kind === "delete") records.delete(write.id);
    else {
      const { id, code, body, lifetime, version } = write;
      const expires = lifetime === undefined ? Number.POSITIVE_INFINITY : this.now + lifetime;
      records.set(id, { code, body, expires, version: version + 1 });
      // What is written in the past is absent for the next write already.
      if (expires <= this.now) records.delete(id);
    }
  }
  return { model: modelOf({ ...this, records }), outcome: "done" };
}

function conflict(records: ReadonlyMap<string, ModelRecord>, write: ModelWrite): string | undefined {
  const before = records.get(write.id);
  if (write.kind === "insert" && before !== undefined) return "exists ";
  if (write.kind !== "insert" && before?.version !== write.version) return "version ";
  if (write.kind === "delete" || write.code === "") return undefined;
  const taken = [...records].some(([id, { code }]) => id !== write.id && code === write.code);
  return taken ? "unique code" : undefined;
}

function add(this: ModelState, additions: readonly ModelAddition[]): { model: Model; outcome: string } {
  const counters = new Map(this.counters);
  for (const { counter, n, lifetime } of additions) {
    const before = counters.get(counter);
    const { value, expires } =
      before !== undefined && before.expires > this.now ? before : { value: 0, expires: this.now + lifetime };
    counters.set(counter, { value: value + n, expires });
  }
  const outcome = additions.map(({ counter }) => counters.get(counter)?.value).join(" ");
  return { model: modelOf({ ...this, counters }), outcome };
}

function observe(this: ModelState): unknown {
  const records = [...alive(this)].toSorted(([a], [b]) => byCodePoint(a, b));
  const named = ([id, { version }]: readonly [string, ModelRecord]) => `${id} ${version}`;
  const byBody = records.filter(([, { body }]) => body !== "").toSorted(([, a], [, b]) => byCodePoint(a.body, b.body));
  const versionOf = (id: string) => records.find(([one]) => one === id)?.[1].version ?? 0;
  const holderOf = (code: string) => records.find(([, record]) => record.code === code)?.[0] ?? "";
  return {
    versions: [versionOf("a"), versionOf("b"), versionOf("\uFFFF"), versionOf("\u{1F600}")],
    holders: [holderOf("x"), holderOf("y")],
    byId: records.map(named).toReversed(),
    byBody: byBody.map(named),
    byPrefix: byBody.filter(([, { body }]) => body.startsWith("m")).map(named),
  };
}

function alive({ records, now }: ModelState): [string, ModelRecord][] {
  return [...records].filter(([, { expires }]) => expires > now);
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
