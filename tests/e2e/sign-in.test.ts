import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { inOneProcess, onSharedPorts, onSharedPortsAndPostgres, replicated, split } from "../support/shapes.ts";
import { signInSuite } from "./sign-in-suite.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

describe.each([inOneProcess, split, replicated, onSharedPorts, onSharedPortsAndPostgres])("$name", (shape) => {
  signInSuite(shape, () => browser);
});
