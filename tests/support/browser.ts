import { chromium, type Browser } from "playwright-core";
import { chromiumPath } from "./chromium-path.ts";

/** A real Chromium, headless, that talks to nothing but what a test tells it to. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
