/** A cache that holds at most so many entries, each for at most so long, and asks once for what many want at once. */
export interface BoundedCache<Value> {
  /** What is remembered under the key, or what `load` gives, which is then remembered. A failure is not. */
  get(key: string, load: () => Promise<Value>): Promise<Value>;
  /** What is remembered now. */
  peek(key: string): Value | undefined;
  /** Forgets the key; what is being loaded for it is not remembered either. */
  delete(key: string): void;
  /** Forgets every value that matches, and what is being loaded: nobody can tell yet whether it does. */
  drop(matches: (value: Value) => boolean): void;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  loaded: { readonly value: Value } | undefined;
  readonly until: number;
}

/**
 * A least-recently-used cache of `maxEntries`, each for `ttl` milliseconds from the moment it was asked for, because that is
 * how old it may be; what has not come by then is asked for anew. `clock` in milliseconds.
 */
export function createBoundedCache<Value>({
  maxEntries,
  ttl,
  clock,
}: {
  readonly maxEntries: number;
  readonly ttl: number;
  readonly clock: () => number;
}): BoundedCache<Value> {
  const entries = new Map<string, Entry<Value>>();

  function fresh(key: string): Entry<Value> | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const left = entry.until - clock();
    // More than it had at first: the clock was ahead, and was set right since. Nobody knows how old it is.
    return left > 0 && left <= ttl ? entry : undefined;
  }

  function load(key: string, loader: () => Promise<Value>): Promise<Value> {
    const until = clock() + ttl;
    const value = loader();
    const entry: Entry<Value> = { value, loaded: undefined, until };
    entries.delete(key);
    entries.set(key, entry);
    value.then(
      (loaded) => {
        entry.loaded = { value: loaded };
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    if (entries.size > maxEntries) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    return value;
  }

  return {
    get(key, loader) {
      const entry = fresh(key);
      if (entry === undefined) return load(key, loader);
      // Moved to the end: the first of the map is the one that was used least recently. While there is much room, in vain.
      if (entries.size > maxEntries / 2) {
        entries.delete(key);
        entries.set(key, entry);
      }
      return entry.value;
    },
    peek: (key) => fresh(key)?.loaded?.value,
    delete: (key) => void entries.delete(key),
    drop(matches) {
      for (const [key, { loaded }] of entries) {
        if (loaded === undefined || matches(loaded.value)) entries.delete(key);
      }
    },
  };
}
