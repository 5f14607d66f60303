import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * What axe finds wrong with a page, by every rule for WCAG 2.2 AA and good practice that it has (look.md), or by those about colours
 * alone: nothing, ideally.
 */
export async function axeViolations(page: Page, rules: "all" | "colours" = "all"): Promise<readonly unknown[]> {
  // Not by a script element: our content security policy lets none in.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  const found = await page.evaluate(
    async (tags) => {
      const { axe: inPage } = globalThis as unknown as { readonly axe: typeof axe };
      const { violations } = await inPage.run(document, {
        resultTypes: ["violations"],
        ...(tags.length === 0 ? {} : { runOnly: { type: "tag", values: tags } }),
      });
      return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
    },
    rules === "colours" ? ["cat.color"] : [],
  );
  return found.map((violation) => ({ page: page.url(), ...violation }));
}
