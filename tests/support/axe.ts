import axe from "axe-core";
import type { Page } from "playwright-core";

/** What axe finds wrong with a page, by every rule for WCAG 2.2 AA and good practice that it has (look.md): nothing, ideally. */
export async function axeViolations(page: Page): Promise<readonly unknown[]> {
  // Not by a script element: our content security policy lets none in.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { readonly axe: typeof axe };
    const { violations } = await inPage.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
  });
  return found.map((violation) => ({ page: page.url(), ...violation }));
}
