import type { Site } from "../http-client.ts";
import type { SignIn } from "./journey.ts";

/** What the works that every provider does need to know of one. */
export interface Provider {
  readonly site: Site;
  readonly tokenPath: string;
  readonly keysPath: string;
  readonly userinfoPath: string;
  readonly introspectionPath: string;
  readonly clientCredentials: { readonly clientId: string; readonly clientSecret: string; readonly scope: string };
  readonly codeClient: { readonly clientId: string; readonly clientSecret: string };
  readonly redirectUri: string;
  readonly codeVerifier: string;
  /** New codes, for the verifier above. */
  readonly makeCodes: (count: number) => Promise<string[]>;
  /** An access token that userinfo and introspection take; undefined: the one that a code gives. */
  readonly makeUserinfoToken?: () => Promise<string>;
  readonly signIn: SignIn;
}
