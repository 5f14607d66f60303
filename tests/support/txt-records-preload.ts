import { resolveOwnModules } from "../../services/own-modules.ts";
import { readTxtRecordsFromFile } from "./txt-records.ts";

// Loaded before a server.
resolveOwnModules();
readTxtRecordsFromFile();
