import { expect } from "vitest";
import { changeAuthenticationPolicy } from "./authentication-policy.ts";
import { addTotp, totpCode } from "./factors.ts";
import { hiddenInputs } from "./hidden-inputs.ts";
import type { HttpBrowser } from "./http-browser.ts";
import { walk } from "./interaction-pages.ts";
import {
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  type Instance,
  type RelyingParty,
} from "./relying-party.ts";

/** Lets browsers be remembered for so many days; 0 for not at all. */
export async function rememberBrowsers(server: Instance, days: number): Promise<void> {
  await changeAuthenticationPolicy(server, { remembered_device_lifetime: days === 0 ? null : `${days * 86_400}s` });
}

/** A person with a second factor, and a browser that is remembered for them. */
export interface RememberedBrowser {
  readonly id: string;
  readonly username: string;
  readonly client: RelyingParty;
  readonly browser: HttpBrowser;
  readonly accessToken: string;
  readonly deviceId: string;
}

/** Has a new person's browser remembered, by the page of the second factor. */
export async function rememberedBrowser(server: Instance): Promise<RememberedBrowser> {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  const { accessToken } = await tokensFor(server, client, person.username);
  const { secret } = await addTotp(server, accessToken);
  await rememberBrowsers(server, 7);
  const way = await walk(server, client);
  const page = await (await way.send({ username: person.username, password })).text();
  expect(page).toContain('name="remember"');
  const hidden = hiddenInputs(page);
  expect((await way.send({ ...hidden, code: totpCode(secret), remember: "yes" })).status).toBe(303);
  const { json } = await rest(server, "GET", "/v1/users/me/mfa/devices", undefined, accessToken);
  const [device] = json["devices"] as readonly { readonly id: string }[];
  return { ...person, client, browser: way.browser, accessToken, deviceId: device?.id ?? "" };
}
