import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { key, keys, ticket, tickets, event } from "../../conformance/test-records.ts";
import { openStore } from "../../open-store.ts";
import type { PageQuery } from "../../store.ts";
import { insert } from "../../writes.ts";
import { pageSql } from "../sql/page-query.ts";
import { numberedStatement } from "./statement.ts";

const shapes: readonly Omit<PageQuery, "index" | "limit">[] = [
  {},
  { equals: "l5" },
  { range: { from: "l1", to: "l5" } },
  { prefix: "l" },
];
const columns = [
  [keys.name, "i_label"],
  [keys.name, "id"],
  [tickets.name, "u_code"],
  [tickets.name, "i_body"],
] as const;

test("every page is read from an index, in its order, when a plan is made for any values", async () => {
  const url = await sharedDatabase();
  const store = await openStore({ url, collections: [keys, tickets], clock: () => 0 });
  onTestFinished(() => store.close());
  for (let batch = 0; batch < 5; batch += 1) {
    for (const tenant of ["acme", "other"].map((id) => store.tenant(id))) {
      const ids = Array.from({ length: 1_000 }, (_, n) => `k${batch * 1_000 + n}`);
      await tenant.commit(
        ids.map((id, n) => insert(keys, key(id, { label: `l${n}` }))),
        [event("1")],
      );
      await tenant.commit(
        ids.map((id, n) => insert(tickets, ticket(id, { code: id, body: `l${n}` }))),
        [],
      );
    }
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("ANALYZE; SET plan_cache_mode = force_generic_plan");
  let prepared = 0;
  for (const [table, column] of columns) {
    for (const shape of shapes) {
      for (const after of [{}, { after: { value: "l1", id: "b" } }]) {
        for (const descending of [false, true]) {
          const query = { index: "", limit: 10, descending, ...shape, ...after };
          const unique = !column.startsWith("i_");
          const { sql, values } = pageSql(table, { column, type: "TEXT", unique }, "acme", query, 0, "");
          const name = `plan${(prepared += 1)}`;
          const types = values.map((value) => (typeof value === "number" ? "bigint" : `text`));
          await client.query(`PREPARE ${name} (${types.join(", ")}) AS ${numberedStatement(sql).text}`);
          const list = values.map((value) => (typeof value === "number" ? value : `'${value}'`)).join(", ");
          const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN EXECUTE ${name} (${list})`);
          const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
          expect(plan, sql).toContain(column === "id" ? `${table}.key` : `"${table}.${column}"`.slice(1, -1));
          expect(plan, sql).not.toMatch(/Seq Scan|Bitmap|Sort/);
        }
      }
    }
  }
});
