import { openStore } from "../../open-store.ts";
import { storeConformance } from "../../conformance.ts";

storeConformance("memory", (options) => openStore({ url: "memory:", ...options }));
