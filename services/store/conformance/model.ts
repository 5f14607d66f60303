import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Conflict, type PageQuery, type Store, type TenantStore, type Write } from "../store.ts";
import { insert, remove, replace } from "../writes.ts";
import { allPages } from "./all-pages.ts";
import { rounds, type Operation } from "./model-rounds.ts";
import { emptyModel, type Model, type ModelWrite } from "./model-store.ts";
import type { OpenDriver } from "./opened-store.ts";
import { ticket, tickets } from "./test-records.ts";

/** Whatever is done, in whatever company, the store behaves like a map on which one thing happened after the other. */
export function modelConformance(open: OpenDriver): void {
  describe("the model", () => {
    test("what happens at the same moment is explained by some order of it", { timeout: 60_000 }, async () => {
      const time = { now: 0 };
      const store = await open({ collections: [tickets], clock: () => time.now });
      let runs = 0;
      try {
        await fc.assert(
          fc.asyncProperty(rounds, async (generated) => {
            runs += 1;
            time.now = Date.UTC(2026, 0, 1);
            // A tenant of its own for each run: the file is opened once.
            const tenant = store.tenant(`run${runs}`);
            let models = [emptyModel(time.now)];
            for (const { elapsed, operations } of generated) {
              time.now += elapsed;
              const now = time.now;
              const outcomes = await Promise.all(operations.map((one) => perform(store, tenant, one, now)));
              const seen = await observe(tenant);
              models = models
                .flatMap((model) => explanations({ ...model, now }, operations, outcomes))
                .filter((model) => JSON.stringify(model.observe()) === JSON.stringify(seen));
              expect(models.length, `no order gives ${JSON.stringify({ outcomes, seen })}`).toBeGreaterThan(0);
              models = distinct(models);
            }
          }),
          { numRuns: 150 },
        );
      } finally {
        await store.close();
      }
    });
  });
}

/** Does an operation; answers what its caller saw. */
async function perform(store: Store, tenant: TenantStore, operation: Operation, now: number): Promise<unknown> {
  if (operation.do === "add") {
    const additions = operation.additions.map(({ counter, n, lifetime }) => ({
      counter,
      n,
      expiresAt: now + lifetime,
    }));
    const [only] = additions;
    const isOne = additions.length === 1 && only !== undefined;
    const values = isOne ? [await tenant.add(only.counter, only.n, only.expiresAt)] : await tenant.addAll(additions);
    return values.join(" ");
  }
  if (operation.do === "sweep") return void (await store.system().sweep(2));
  try {
    await tenant.commit(
      operation.writes.map((one) => toWrite(one, now)),
      [],
    );
    return "done";
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return `${error.write} ${error.reason} ${error.index ?? ""}`;
  }
}

function toWrite(write: ModelWrite, now: number): Write {
  if (write.kind === "delete") return remove(tickets, { record: ticket(write.id), version: write.version });
  const { code, body, lifetime } = write;
  const record = ticket(write.id, { code, body, expires: lifetime === undefined ? undefined : now + lifetime });
  return write.kind === "insert" ? insert(tickets, record) : replace(tickets, record, write.version);
}

/** Everything that can be read, in the form of `Model.observe`. */
async function observe(tenant: TenantStore): Promise<unknown> {
  const page = async (query: Omit<PageQuery, "limit">) =>
    (await allPages(tenant, tickets, { ...query, limit: 2 })).map(({ record, version: at }) => `${record.id} ${at}`);
  const got = async (one: string) => (await tenant.get(tickets, one))?.version ?? 0;
  const holder = async (one: string) => (await tenant.find(tickets, "code", one))?.record.id ?? "";
  return {
    versions: [await got("a"), await got("b"), await got("\uFFFF"), await got("\u{1F600}")],
    holders: [await holder("x"), await holder("y")],
    byId: await page({ index: "id", descending: true }),
    byBody: await page({ index: "body" }),
    byPrefix: await page({ index: "body", prefix: "m" }),
  };
}

/** The models after each order of the operations in which every caller sees what it saw. */
function explanations(before: Model, operations: readonly Operation[], outcomes: readonly unknown[]): Model[] {
  if (operations.length === 0) return [before];
  return operations.flatMap((one, first) => {
    const { model, outcome } = step(before, one);
    if (outcome !== outcomes[first]) return [];
    const others = (_: unknown, index: number) => index !== first;
    return explanations(model, operations.filter(others), outcomes.filter(others));
  });
}

/** More than one state may explain what was seen: counters and the expiry of records show only later. */
function distinct(models: readonly Model[]): Model[] {
  const state = ({ records, counters }: Model) =>
    JSON.stringify([[...records], [...counters]].map((entries) => entries.toSorted(([a], [b]) => (a < b ? -1 : 1))));
  return [...new Map(models.map((model) => [state(model), model])).values()];
}

function step(model: Model, operation: Operation): { model: Model; outcome: unknown } {
  if (operation.do === "commit") return model.commit(operation.writes);
  if (operation.do === "add") return model.add(operation.additions);
  return { model, outcome: undefined };
}
