import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { keys, tickets } from "../../conformance/test-records.ts";
import type { PageQuery } from "../../store.ts";
import { indexHint } from "./collection-table.ts";
import { migrate } from "./migrate.ts";
import { pageSql } from "../sql/page-query.ts";

const shapes: readonly Omit<PageQuery, "index" | "limit">[] = [
  {},
  { equals: "a" },
  { range: { from: "a", to: "b" } },
  { prefix: "a" },
];
const columns = [
  [keys.name, "i_label"],
  [keys.name, "id"],
  [tickets.name, "u_code"],
  [tickets.name, "i_body"],
] as const;

test.each(columns)("every page of %s by %s is read in order from an index", (table, column) => {
  const database = new DatabaseSync(":memory:");
  migrate(database, [keys, tickets], 0);
  for (const shape of shapes) {
    for (const after of [{}, { after: { value: "a", id: "b" } }]) {
      for (const descending of [false, true]) {
        const query = { index: "", limit: 10, descending, ...shape, ...after };
        const { sql, values } = pageSql(
          table,
          { column, type: "TEXT", unique: !column.startsWith("i_") },
          "acme",
          query,
          0,
          indexHint(table, column),
        );
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
        const steps = plan.map((step) => String(step["detail"])).join("; ");
        expect(steps, sql).toMatch(/^SEARCH [^;]*tenant=\?[^;]*$/);
        // With a condition on the column or a position, the search begins there and not at the tenant's first record.
        const narrow = Object.keys(shape).length > 0 || "after" in after;
        if (narrow) expect(steps, sql).toMatch(new RegExp(`tenant=\\? AND \\(?"?${column}`));
      }
    }
  }
  database.close();
});
