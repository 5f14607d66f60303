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

/**
 * Yields what another stream does, for as long as `check` resolves: asked every so many milliseconds, while nothing comes as
 * well. Where it rejects, the stream ends with its error, and the other one is left at once.
 */
export async function* whileGood<Item>(
  items: AsyncIterable<Item>,
  check: () => Promise<void>,
  every: number,
): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  let [timer, failed, fail]: [
    NodeJS.Timeout | undefined,
    { readonly error: unknown } | undefined,
    (error: unknown) => void,
  ] = [undefined, undefined, () => {}];
  const look = (): void => {
    timer = setTimeout(() => {
      void check().then(look, (error: unknown) => {
        failed = { error };
        fail(error);
      });
    }, every);
  };
  /** The next item, or the refusal, whichever is first. No promise outlives an item, however many there are. */
  const next = (): Promise<IteratorResult<Item>> =>
    new Promise((resolve, reject) => {
      fail = reject;
      if (failed !== undefined) reject(failed.error);
      iterator.next().then(resolve, reject);
    });
  look();
  try {
    for (;;) {
      const item = await next();
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    clearTimeout(timer);
    // It ends by its own signal where it waits for something.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
