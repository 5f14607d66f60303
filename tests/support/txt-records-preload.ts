import { readTxtRecordsFromFile } from "./txt-records.ts";

// Loaded before a server.
readTxtRecordsFromFile();
