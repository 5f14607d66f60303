import { writeSync } from "node:fs";
import { event, key, keys, ticket, tickets } from "../../services/store/conformance/test-records.ts";
import { openStore } from "../../services/store/open-store.ts";
import { StoreUnavailable } from "../../services/store/store.ts";
import { insert } from "../../services/store/writes.ts";

// A program that commits until it has done enough or is killed. Each commit writes two records and an event, all named by
// the same number; the number goes to standard output as soon as the commit is acknowledged. A refused commit ends it with
// a line `refused <outcome>`.
const [path = "", tenantId = "", count = "", parallel = ""] = process.argv.slice(2);
const store = await openStore({ url: `sqlite:${path}`, collections: [keys, tickets], clock: () => 0 });
const tenant = store.tenant(tenantId);
let next = 0;

async function commitUntilDone(): Promise<void> {
  while (next < Number(count)) {
    const id = String(next);
    next += 1;
    await tenant.commit([insert(keys, key(id)), insert(tickets, ticket(id, { code: id }))], [event(id)]);
    // Straight to the kernel: what stays in this process dies with it.
    writeSync(1, `${id}\n`);
  }
}

try {
  await Promise.all(Array.from({ length: Number(parallel) }, commitUntilDone));
} catch (error) {
  if (!(error instanceof StoreUnavailable)) throw error;
  writeSync(1, `refused ${error.outcome}\n`);
  process.exit(1);
}
await store.close();
