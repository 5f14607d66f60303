import type { DescMessage } from "@bufbuild/protobuf";
import type { Collection, PagePosition, PageQuery, Stored, TenantStore } from "../store.ts";

/** The records of every page of a query, one page after the other. Throws when a page is empty but not the only one. */
export async function allPages<Desc extends DescMessage>(
  tenant: TenantStore,
  collection: Collection<Desc>,
  query: PageQuery,
): Promise<readonly Stored<Desc>[]> {
  const found: Stored<Desc>[] = [];
  let after: PagePosition | undefined;
  do {
    const page = await tenant.page(collection, after === undefined ? query : { ...query, after });
    if (page.items.length === 0 && after !== undefined) throw new Error("a page after another is empty");
    found.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return found;
}
