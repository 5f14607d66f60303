import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { changeAuthenticationPolicy } from "./authentication-policy.ts";
import { mailedToken } from "./dev-mail.ts";
import { flowStep, startFlow } from "./direct-flows.ts";
import { askForTerms } from "./terms.ts";
import { resolveLocalNames } from "./localhost-names.ts";
import { logoPng } from "./logo-host.ts";
import type { PageState } from "./page-states.ts";
import {
  authorizationRequest,
  createPerson,
  password,
  registerClient,
  rest,
  type Instance,
  type RelyingParty,
} from "./relying-party.ts";
import { createTenant } from "./tenants.ts";

const examples = join(import.meta.dirname, "../../examples");
const picture = (file: string) => ({ data: readFileSync(join(examples, file)).toString("base64") });

/** A shop, as examples/tenant.yaml brands it, and more. */
const shop = {
  display_name: "Koder Shop",
  logo: picture("shop-logo.png"),
  logo_dark: picture("shop-logo-dark.png"),
  favicon: picture("shop-icon.png"),
  primary_color: "#0f766e",
  corner_radius: 6,
  texts: [
    {
      language: "en-US",
      sign_in_heading: "Welcome back",
      sign_in_note: "Use the account that you order with. Staff sign in with their work address.",
    },
    { language: "pt-BR", sign_in_heading: "Que bom ver você", sign_in_note: "Use a conta com que faz pedidos." },
  ],
  terms_uri: "https://shop.example/terms",
  privacy_uri: "https://shop.example/privacy",
  support_uri: "https://shop.example/help",
};

const long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Söhne";
/** Everything that a page was not drawn for: a colour that no text can have, the longest words, square corners. */
const hostile = {
  display_name: long,
  logo: { data: logoPng.toString("base64") },
  primary_color: "#ffe600",
  corner_radius: 0,
  texts: [{ language: "en-US", sign_in_heading: long.slice(0, 80), sign_in_note: `${long} `.repeat(4).trim() }],
  support_uri: "https://shop.example/help",
};

/** A tenant that looks so, as a server of its own. */
async function branded(server: Instance, slug: string, branding: object): Promise<Instance> {
  const { host } = await createTenant(server, { slug, display_name: slug });
  const tenant = { ...server, url: `http://${host}` };
  const { status, json } = await rest(tenant, "PATCH", "/v1/admin/branding", branding);
  expect(status, JSON.stringify(json)).toBe(200);
  return tenant;
}

/** Pages of tenants that have a brand of their own. */
export async function brandedStates(server: Instance): Promise<readonly PageState[]> {
  resolveLocalNames();
  const [own, tile, odd] = [
    await branded(server, "shop", shop),
    await branded(server, "violet", {
      display_name: "Violet Books",
      primary_color: "#6d28d9",
      corner_radius: 20,
      color_scheme: "COLOR_SCHEME_DARK",
    }),
    await branded(server, "hostile", hostile),
  ];
  const letters = await lettersOf(server);
  const client = await registerClient(own, { client_name: "Shop office" });
  const other = await registerClient(own, { client_name: "Their Calendar", first_party: false });
  const [ofTile, ofOdd] = [await registerClient(tile), await registerClient(odd)];
  const { username } = await createPerson(own);
  async function signIn(page: Page, tenant: Instance, to: typeof client, name: string, secret: string): Promise<void> {
    await page.goto(authorizationRequest(tenant, to).url);
    await page.fill("input[name=username]", name);
    await page.fill("input[name=password]", secret);
    await Promise.all([page.waitForEvent("load"), page.click("button[type=submit]")]);
  }
  return [
    ...letters.map(({ name, open }) => ({
      name,
      open: (page: Page) => open(page, (to, who) => signIn(page, to.tenant, to.client, who, password)),
    })),
    { name: "branded-sign-in", open: (page) => page.goto(authorizationRequest(own, client).url) },
    { name: "branded-sign-in-wrong", open: (page) => signIn(page, own, client, username, "not the password") },
    { name: "branded-consent", open: (page) => signIn(page, own, other, username, password) },
    { name: "branded-error", open: (page) => page.goto(`${own.url}/nowhere`) },
    { name: "branded-tile-sign-in", open: (page) => page.goto(authorizationRequest(tile, ofTile).url) },
    { name: "branded-hostile-sign-in", open: (page) => page.goto(authorizationRequest(odd, ofOdd).url) },
  ];
}

type SignIn = (to: { readonly tenant: Instance; readonly client: RelyingParty }, username: string) => Promise<void>;

/** Pages of a tenant that has everybody accept its terms. */
async function lettersOf(server: Instance) {
  const tenant = await branded(server, "letters", { display_name: "Koder Letters", primary_color: "#9d174d" });
  const client = await registerClient(tenant, { client_name: "Postbox" });
  const termsOf = (version: string) =>
    askForTerms(tenant, { terms_version: version, terms_uri: "https://letters.example/terms" });
  await termsOf("2025-01");
  await changeAuthenticationPolicy(tenant, {
    sign_up_allowed: true,
    client_overrides: [{ client_id: client.clientId, direct_flows: true }],
  });
  const [newcomer, known] = [await createPerson(tenant), await createPerson(tenant)];
  const flow = await startFlow(tenant, client, known.username);
  await flowStep(tenant, `/${flow}/password`, { password });
  const accepted = await flowStep(tenant, `/${flow}/terms`, { version: "2025-01" });
  expect(accepted.status, JSON.stringify(accepted.json)).toBe(200);
  await termsOf("2026-11");
  const at = { tenant, client };
  return [
    { name: "accept-terms", open: (_page: Page, signIn: SignIn) => signIn(at, newcomer.username) },
    { name: "accept-terms-changed", open: (_page: Page, signIn: SignIn) => signIn(at, known.username) },
    {
      name: "accept-terms-sign-up",
      async open(page: Page) {
        const email = `ana.${randomUUID()}@example.com`;
        await rest(tenant, "POST", "/v1/auth/sign-up", { email }, "");
        await page.goto(`${tenant.url}/sign-up?token=${await mailedToken(tenant, email)}`);
        await page.$eval("form", (form) => form.setAttribute("novalidate", ""));
        await page.fill("input[name=new_password]", "another good pass phrase");
        await Promise.all([page.waitForEvent("load"), page.click("button[type=submit]")]);
      },
    },
  ];
}
