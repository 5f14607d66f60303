import { registerHooks } from "node:module";
import { resolveOwnModules } from "../../../services/own-modules.ts";
import { readTxtRecordsFromFile } from "../../support/txt-records.ts";

// Loaded into a server before its own modules (`node --import`): whoever opens the store is given the one that can crash.
const real = new URL("../../../services/store/open-store.ts", import.meta.url).href;
const crashing = new URL("crashing-store.ts", import.meta.url).href;

readTxtRecordsFromFile();
// The program leaves this to what is loaded before it; what is registered then is asked first.
resolveOwnModules();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return resolved.url === real && context.parentURL !== crashing ? { ...resolved, url: crashing } : resolved;
  },
});
