import { join } from "node:path";
import { storeConformance } from "../../conformance.ts";
import { openStore } from "../../open-store.ts";
import { testFolder } from "./test-folder.ts";

storeConformance("sqlite", (options) => openStore({ url: `sqlite:${join(testFolder(), "test.db")}`, ...options }));
