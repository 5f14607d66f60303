/**
 * Headers that never become bytes. The platform's own check and copy every name and value as a server must that hears them
 * from outside; between services of one process that costs more than the call.
 */
export class LocalHeaders implements Headers {
  readonly #values = new Map<string, string>();

  constructor(init: HeadersInit = {}) {
    if (Symbol.iterator in init) {
      for (const [name, value] of new Headers(init)) this.#values.set(name, value);
    } else {
      const record = init as Readonly<Record<string, string>>;
      for (const name of Object.keys(record)) this.#values.set(name.toLowerCase(), record[name] ?? "");
    }
  }
  get(name: string): string | null {
    return this.#values.get(name) ?? this.#values.get(name.toLowerCase()) ?? null;
  }
  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }
  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }
  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }
  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }
  /** Cookies are of browsers, and no service hears of them. */
  getSetCookie(): string[] {
    return [];
  }
  forEach(each: (value: string, name: string, parent: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#sorted()) each.call(self, value, name, this);
  }
  entries(): ReturnType<Headers["entries"]> {
    return this.#sorted().values();
  }
  keys(): ReturnType<Headers["keys"]> {
    return this.#sorted()
      .map(([name]) => name)
      .values();
  }
  values(): ReturnType<Headers["values"]> {
    return this.#sorted()
      .map(([, value]) => value)
      .values();
  }
  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }
  #sorted(): [string, string][] {
    return Array.from(this.#values).toSorted(byName);
  }
}

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);
