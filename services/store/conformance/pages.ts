import { describe, expect, test } from "vitest";
import type { PageQuery, TenantStore } from "../store.ts";
import { insert, remove, replace } from "../writes.ts";
import { allPages } from "./all-pages.ts";
import { openedStore, type OpenDriver } from "./opened-store.ts";
import { event, key, keys } from "./test-records.ts";

/** Pages: which records, in which order, and each once while others write. */
export function pageConformance(open: OpenDriver): void {
  async function filled(records: readonly ReturnType<typeof key>[]): Promise<TenantStore> {
    const { store } = await openedStore(open);
    await store.tenant("other").commit([insert(keys, key("foreign", { label: "m", rank: 5 }))], [event("0")]);
    const acme = store.tenant("acme");
    await acme.commit(
      records.map((record) => insert(keys, record)),
      [event("1")],
    );
    return acme;
  }
  async function ids(tenant: TenantStore, query: Omit<PageQuery, "limit">): Promise<string[]> {
    return (await tenant.page(keys, { ...query, limit: 1_000 })).items.map(({ record }) => record.tenantId);
  }

  describe("pages", () => {
    test("by equality, ordered by id, without the records that lack the value", async () => {
      const acme = await filled([
        key("c", { label: "x" }),
        key("a", { label: "x" }),
        key("b", { label: "y" }),
        key("d"),
      ]);
      expect(await ids(acme, { index: "label", equals: "x" })).toEqual(["a", "c"]);
      expect(await ids(acme, { index: "label", equals: "x", descending: true })).toEqual(["c", "a"]);
      expect(await ids(acme, { index: "label", equals: "z" })).toEqual([]);
      expect(await ids(acme, { index: "label" })).toEqual(["a", "c", "b"]);
      expect(await ids(acme, { index: "id" })).toEqual(["a", "b", "c", "d"]);
      expect(await ids(acme, { index: "id", equals: "d" })).toEqual(["d"]);
    });

    test("by range, from inclusive, to exclusive", async () => {
      const acme = await filled([1, 2, 9, 10, 11].map((rank) => key(`k${rank}`, { rank })));
      expect(await ids(acme, { index: "rank", range: { from: 2, to: 10 } })).toEqual(["k2", "k9"]);
      expect(await ids(acme, { index: "rank", range: { from: 10 } })).toEqual(["k10", "k11"]);
      expect(await ids(acme, { index: "rank", range: { to: 2 } })).toEqual(["k1"]);
      expect(await ids(acme, { index: "rank", range: { from: 10, to: 2 } })).toEqual([]);
      expect(await ids(acme, { index: "rank", range: {}, descending: true })).toEqual(["k11", "k10", "k9", "k2", "k1"]);
      expect(await ids(acme, { index: "id", range: { from: "k11", to: "k9" } })).toEqual(["k11", "k2"]);
    });

    test("text is ordered and prefixed by code point", async () => {
      // In the order of UTF-16 units, U+1F600 (D83D DE00) would stand before U+E000 and U+FFFF.
      const labels = [
        "a",
        "ab",
        "b",
        "\uD7FF",
        "\uD7FFx",
        "\uE000",
        "\uFFFF",
        "\u{1F600}",
        "\u{10FFFF}",
        "\u{10FFFF}a",
      ];
      const acme = await filled(labels.map((label, n) => key(`${9 - n}`, { label })));
      const found = async (query: Partial<PageQuery>) =>
        (await acme.page(keys, { index: "label", limit: 100, ...query })).items.map(({ record }) => record.masterKeyId);
      expect(await found({})).toEqual(labels);
      expect(await found({ descending: true })).toEqual(labels.toReversed());
      expect(await found({ prefix: "" })).toEqual(labels);
      expect(await found({ prefix: "a" })).toEqual(["a", "ab"]);
      expect(await found({ prefix: "A" })).toEqual([]);
      expect(await found({ prefix: "%" })).toEqual([]);
      expect(await found({ prefix: "\uD7FF" })).toEqual(["\uD7FF", "\uD7FFx"]);
      expect(await found({ prefix: "\uFFFF" })).toEqual(["\uFFFF"]);
      expect(await found({ prefix: "\u{10FFFF}" })).toEqual(["\u{10FFFF}", "\u{10FFFF}a"]);
    });

    test.each([
      ["ascending by id", { index: "id" }],
      ["descending by id", { index: "id", descending: true }],
      ["ascending by label", { index: "label" }],
      ["descending by label", { index: "label", descending: true }],
      ["with one label", { index: "label", equals: "l1" }],
      ["with a prefix, descending", { index: "label", prefix: "l", descending: true }],
      ["in a range of ranks", { index: "rank", range: { from: 1, to: 40 } }],
    ] satisfies [string, Omit<PageQuery, "limit">][])("each record once, %s", async (_name, query) => {
      const acme = await filled(
        Array.from({ length: 43 }, (_, n) => key(`k${n}`, { label: `l${n % 3}`, rank: 1 + (n % 5) * 10 })),
      );
      const whole = await ids(acme, query);
      for (const limit of [1, 2, 7, whole.length]) {
        const paged = await allPages(acme, keys, { ...query, limit });
        expect(paged.map(({ record }) => record.tenantId)).toEqual(whole);
      }
    });

    test("a record that stays unchanged is given exactly once, whatever else is written", async () => {
      const acme = await filled(Array.from({ length: 60 }, (_, n) => key(`k${n}`, { label: `l${n % 7}` })));
      const steady = new Set(Array.from({ length: 60 }, (_, n) => `k${n}`).filter((_, n) => n % 3 !== 0));
      const seen: string[] = [];
      let after: PageQuery["after"];
      for (let round = 0; round === 0 || after !== undefined; round += 1) {
        const page = await acme.page(keys, { index: "label", limit: 5, ...(after === undefined ? {} : { after }) });
        seen.push(...page.items.map(({ record }) => record.tenantId).filter((id) => steady.has(id)));
        after = page.next;
        // New ones everywhere, one that moves to the end, one that goes, and the last one given.
        const moving = await acme.get(keys, `k${(round * 6) % 60}`);
        const going = await acme.get(keys, `k${(round * 6 + 3) % 60}`);
        await acme.commit(
          [
            ...[0, 3, 6].map((n) => insert(keys, key(`new${round}-${n}`, { label: `l${n}` }))),
            ...(moving ? [replace(keys, key(moving.record.tenantId, { label: "l9" }), moving.version)] : []),
            ...(going ? [remove(keys, going)] : []),
          ],
          [event(`r${round}`)],
        );
      }
      expect(seen.length).toBe(steady.size);
      expect(new Set(seen)).toEqual(steady);
    });
  });
}
