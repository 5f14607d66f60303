import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import { sharedDatabase } from "../../../../tests/support/postgres-shared.ts";
import { storeConformance } from "../../conformance.ts";
import { openStore } from "../../open-store.ts";

let url = "";
let admin: Client | undefined;

beforeAll(async () => {
  url = await sharedDatabase();
  admin = new Client({ connectionString: url });
  await admin.connect();
}, 60_000);
afterAll(() => admin?.end());

storeConformance("postgres", async (options) => {
  await admin?.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  return openStore({ url, ...options });
});
