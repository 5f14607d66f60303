import { describe } from "vitest";
import { bulkConformance } from "./conformance/bulk.ts";
import { commitConformance } from "./conformance/commits.ts";
import { concurrencyConformance } from "./conformance/concurrency.ts";
import { eventConformance } from "./conformance/events.ts";
import { expiryConformance } from "./conformance/expiry.ts";
import { inputConformance } from "./conformance/input.ts";
import { leaseConformance } from "./conformance/leases.ts";
import { lifetimeConformance } from "./conformance/lifetime.ts";
import { logConformance } from "./conformance/log.ts";
import { modelConformance } from "./conformance/model.ts";
import type { OpenDriver } from "./conformance/opened-store.ts";
import { pageConformance } from "./conformance/pages.ts";
import { recordConformance } from "./conformance/records.ts";

/** The tests of the store contract: every driver passes all of them. `open` gives each test an empty store. */
export function storeConformance(name: string, open: OpenDriver): void {
  describe(`${name} keeps the store contract`, () => {
    recordConformance(open);
    pageConformance(open);
    commitConformance(open);
    concurrencyConformance(open);
    expiryConformance(open);
    eventConformance(open);
    leaseConformance(open);
    logConformance(open);
    bulkConformance(open);
    inputConformance(open);
    lifetimeConformance(open);
    modelConformance(open);
  });
}
