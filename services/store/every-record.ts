import type { DescMessage } from "@bufbuild/protobuf";
import type { Collection, Page, PageQuery, Stored, TenantStore } from "./store.ts";

/**
 * Every record that a query finds, in the order of its index. `limit` are read at a time, so that a walk through many keeps few in
 * memory. A record that stays unchanged comes once; one that is written meanwhile may come or not.
 */
export async function* everyRecord<Desc extends DescMessage>(
  data: Pick<TenantStore, "page">,
  collection: Collection<Desc>,
  query: Omit<PageQuery, "after">,
): AsyncGenerator<Stored<Desc>> {
  for await (const items of everyPage(data, collection, query)) yield* items;
}

/** The same page by page, for whoever does something with several records at once. */
export async function* everyPage<Desc extends DescMessage>(
  data: Pick<TenantStore, "page">,
  collection: Collection<Desc>,
  query: Omit<PageQuery, "after">,
): AsyncGenerator<Page<Desc>["items"]> {
  for (let page = await data.page(collection, query); ;) {
    yield page.items;
    if (page.next === undefined) return;
    page = await data.page(collection, { ...query, after: page.next });
  }
}
