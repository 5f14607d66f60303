import type { DescMessage } from "@bufbuild/protobuf";
import type { Collection, PagePosition, PageQuery, Stored, TenantStore } from "../store.ts";

/**
 * The records of every page of a query, one page after the other, while nobody writes. Throws when a page is empty but not
 * the only one, and when a record comes twice, which would go on for ever.
 */
export async function allPages<Desc extends DescMessage>(
  tenant: TenantStore,
  collection: Collection<Desc>,
  query: PageQuery,
): Promise<readonly Stored<Desc>[]> {
  const found: Stored<Desc>[] = [];
  const ids = new Set<string>();
  let after: PagePosition | undefined;
  do {
    const page = await tenant.page(collection, after === undefined ? query : { ...query, after });
    if (page.items.length === 0 && after !== undefined) throw new Error("a page after another is empty");
    for (const { record } of page.items) ids.add(collection.id(record));
    found.push(...page.items);
    if (ids.size < found.length) throw new Error("a record comes twice");
    after = page.next;
  } while (after !== undefined);
  return found;
}
