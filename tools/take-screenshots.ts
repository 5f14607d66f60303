import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { pageLanguages } from "../services/host/page-languages.ts";
import { launchBrowser } from "../tests/support/browser.ts";
import { pageStates, type PageState } from "../tests/support/page-states.ts";
import { startServer } from "../tests/support/server.ts";
import { repositoryRoot } from "./run-program.ts";

/**
 * Pictures of every page and state, in a folder that git ignores, or of those whose names begin with an argument; `--readme`
 * takes those that the README shows.
 */
const folder = join(repositoryRoot, "tests/screenshots");
const forReadme = join(repositoryRoot, "docs/images");

const sizes = [
  { name: "phone", width: 360, height: 740 },
  { name: "tablet", width: 768, height: 1024 },
  { name: "desktop", width: 1440, height: 900 },
  // The desktop at 200 %.
  { name: "zoomed", width: 720, height: 450, deviceScaleFactor: 2 },
] as const;
const schemes = ["light", "dark"] as const;

/** The README's: state, and whether dark. */
const shown = [
  ["sign-in", "light"],
  ["consent", "light"],
  ["second-factor-passkey", "dark"],
] as const;

interface Look {
  readonly size: {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly deviceScaleFactor?: number;
  };
  readonly scheme: (typeof schemes)[number];
  readonly locale: string;
}

/** Every size in both schemes; every language once, on the narrowest. */
const looks: readonly Look[] = sizes.flatMap((size) =>
  schemes.flatMap((scheme) =>
    (size.name === "phone" && scheme === "light" ? pageLanguages : ["en-US"]).map((locale) => ({
      size,
      scheme,
      locale,
    })),
  ),
);

async function take(browser: Browser, state: PageState, { size, scheme, locale }: Look, path: string): Promise<void> {
  const { deviceScaleFactor = 1, ...viewport } = size;
  const settings = { viewport, deviceScaleFactor, colorScheme: scheme, locale, reducedMotion: "reduce" } as const;
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  await state.open(page);
  try {
    await page.screenshot({ path });
  } finally {
    await context.close();
  }
}

const server = await startServer();
const browser = await launchBrowser();
try {
  const all = await pageStates(server);
  if (process.argv.includes("--readme")) {
    mkdirSync(forReadme, { recursive: true });
    const size = { name: "desktop", width: 1000, height: 720 };
    for (const [name, scheme] of shown) {
      const state = all.find((one) => one.name === name);
      if (state === undefined) throw new Error(`there is no page ${name}`);
      await take(browser, state, { size, scheme, locale: "en-US" }, join(forReadme, `${name}.png`));
    }
  } else {
    mkdirSync(folder, { recursive: true });
    const wanted = process.argv.slice(2);
    const isWanted = ({ name }: PageState) => wanted.length === 0 || wanted.some((begin) => name.startsWith(begin));
    for (const state of all.filter(isWanted)) {
      for (const look of looks) {
        const path = join(folder, `${state.name}-${look.size.name}-${look.scheme}-${look.locale}.png`);
        // Headless Chromium without a GPU now and then takes no picture; the next try does.
        await take(browser, state, look, path).catch(() => take(browser, state, look, path));
      }
    }
    process.stdout.write(`${folder}\n`);
  }
} finally {
  await browser.close();
  await server.stop();
}
