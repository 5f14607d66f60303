import type { CallOptions } from "@connectrpc/connect";

/**
 * Every item of a listing, page after page, each fetched when the one before is used up:
 *
 * ```ts
 * for await (const user of pages(koderId.users.listUsers, { pageSize: 100 }, (page) => page.users)) …
 * ```
 *
 * It starts at the request's page token, again each time that it is iterated, and does not change the request. A failure ends
 * it. The deadline of the client holds for each page; a `signal` in the options ends them all.
 */
export function pages<
  Request extends { readonly pageToken?: string },
  Response extends { readonly nextPageToken: string },
  Item,
>(
  list: (request: Request, options?: CallOptions) => Promise<Response>,
  request: Request,
  items: (page: Response) => readonly Item[],
  options?: CallOptions,
): AsyncIterable<Item> {
  return {
    async *[Symbol.asyncIterator]() {
      for (let page = request; ;) {
        const answer = await list(page, options);
        yield* items(answer);
        const next = answer.nextPageToken;
        if (next === "") return;
        if (next === page.pageToken) throw new Error("the server gave the same page token again");
        page = { ...plain(page), pageToken: next } as Request;
      }
    },
  };
}

/** The fields of a request, which may be a message: the next page is asked for with a message of its own. */
function plain<Request extends object>(request: Request): Partial<Request> {
  return Object.fromEntries(Object.entries(request).filter(([name]) => !name.startsWith("$"))) as Partial<Request>;
}
