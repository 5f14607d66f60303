import axe from "axe-core";
import type { Page } from "playwright-core";

/** What depends on the colours of a page; by their tag axe would take rules beyond AA as well. */
const aboutColours = ["color-contrast", "link-in-text-block"];

/**
 * What axe finds wrong with a page, by every rule for WCAG 2.2 AA and good practice that it has, or by those about colours
 * alone: nothing, ideally.
 */
export async function axeViolations(page: Page, rules: "all" | "colours" = "all"): Promise<readonly unknown[]> {
  // Not by a script element: our content security policy lets none in.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  const found = await page.evaluate(
    async (only) => {
      const { axe: inPage } = globalThis as unknown as { readonly axe: typeof axe };
      const { violations } = await inPage.run(document, {
        resultTypes: ["violations"],
        ...(only.length === 0 ? {} : { runOnly: { type: "rule", values: only } }),
      });
      return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
    },
    rules === "colours" ? aboutColours : [],
  );
  return found.map((violation) => ({ page: page.url(), ...violation }));
}
