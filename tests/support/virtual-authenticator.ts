import type { CDPSession, Page } from "playwright-core";

/** An authenticator of Chromium's own, without a device, that is there for one page. */
export interface VirtualAuthenticator {
  /** The counter of its one credential, set to what a copy of it may have said. */
  setSignCount(signCount: number): Promise<void>;
  /** How many credentials it has. */
  count(): Promise<number>;
  /** What it calls the people of its credentials. */
  names(): Promise<readonly (string | undefined)[]>;
}

/** What it is: a phone or computer by default, or a security key that keeps nothing and knows no PIN. */
export interface VirtualAuthenticatorKind {
  readonly isSecurityKey?: boolean;
}

/** Gives a page an authenticator (Chrome DevTools Protocol, domain WebAuthn). */
export async function virtualAuthenticator(
  page: Page,
  { isSecurityKey = false }: VirtualAuthenticatorKind = {},
): Promise<VirtualAuthenticator> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: isSecurityKey ? "usb" : "internal",
      hasResidentKey: !isSecurityKey,
      hasUserVerification: !isSecurityKey,
      isUserVerified: !isSecurityKey,
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  return {
    async setSignCount(signCount) {
      const [credential] = await credentials();
      if (credential === undefined) throw new Error("the authenticator has no credential");
      await cdp.send("WebAuthn.removeCredential", { authenticatorId, credentialId: credential.credentialId });
      await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: { ...credential, signCount } });
    },
    count: async () => (await credentials()).length,
    names: async () => (await credentials()).map(({ userName }) => userName),
  };
}

/** Makes a credential in a page by options in JSON, as an application's own page would; answers it as JSON. */
export const createCredential = (page: Page, optionsJson: string): Promise<string> =>
  page.evaluate(async (json) => {
    const options = JSON.parse(json) as PublicKeyCredentialCreationOptionsJSON;
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return JSON.stringify(await navigator.credentials.create({ publicKey }));
  }, optionsJson);
