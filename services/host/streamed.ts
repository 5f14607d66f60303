/** Yields what another stream does; every error of it leaves as `mapped` says. */
export async function* withErrors<Item>(
  items: AsyncIterable<Item>,
  mapped: (error: unknown) => Error,
): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    throw mapped(error);
  }
}

/** For how long a stream may go on. */
interface Goodness {
  /** Rejects with what the stream ends with, once it is not good any more. */
  readonly check: () => Promise<void>;
  /** How often that is asked, in milliseconds. */
  readonly every: number;
  /** Given when whoever listened is gone. */
  readonly signal: AbortSignal;
}

/**
 * Yields what another stream does, for as long as `check` resolves and the signal is not given, while nothing comes as well. Where
 * `check` rejects, the stream ends with its error. The other one is left at once, also by a listener that asks for nothing more: who
 * does not read what was sent to them, and closes the connection then, is waited for by what writes to them for ever.
 */
export async function* whileGood<Item>(
  items: AsyncIterable<Item>,
  { check, every, signal }: Goodness,
): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  let [timer, failed, fail]: [
    NodeJS.Timeout | undefined,
    { readonly error: unknown } | undefined,
    (error: unknown) => void,
  ] = [undefined, undefined, () => {}];
  let isLeft = false;
  const look = (): void => {
    if (isLeft) return;
    timer = setTimeout(() => {
      void check().then(look, (error: unknown) => {
        failed = { error };
        fail(error);
        leave();
      });
    }, every);
  };
  const leave = (): void => {
    isLeft = true;
    clearTimeout(timer);
    // It ends by its own signal where it waits for something.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  };
  /** The next item, or the refusal, whichever is first. No promise outlives an item, however many there are. */
  const next = (): Promise<IteratorResult<Item>> =>
    new Promise((resolve, reject) => {
      fail = reject;
      if (failed !== undefined) reject(failed.error);
      iterator.next().then(resolve, reject);
    });
  look();
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
  try {
    for (;;) {
      const item = await next();
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
