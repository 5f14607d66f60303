import { existsSync } from "node:fs";

/** The headless shell first: the same engine without the windows, and less than half of the processor time. */
const places = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where Chromium is on this machine. Throws when it is nowhere: `npm test` has tried to install it before. */
export function chromiumPath(): string {
  const named = process.env["CHROMIUM_PATH"];
  const found = named === undefined ? places.find((place) => existsSync(place)) : named;
  if (found === undefined) throw new Error("Chromium is not installed: install it, or name it in CHROMIUM_PATH");
  return found;
}
