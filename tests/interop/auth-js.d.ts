// What the test uses of @auth/core, whose own declarations cannot be checked (tests/tsconfig.json).

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly type: "oidc";
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly client?: { readonly token_endpoint_auth_method: string };
  readonly token?: { readonly clientPrivateKey: CryptoKey | { readonly key: CryptoKey; readonly kid: string } };
  readonly authorization: { readonly params: Readonly<Record<string, unknown>> };
  readonly checks?: readonly ("pkce" | "state" | "nonce")[];
  /** False: what is known of a person comes from userinfo. */
  readonly idToken?: boolean;
}

/** What the library knows of a sign-in's tokens: the token endpoint's answer, and whose they are. */
export interface Account {
  readonly providerAccountId: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

type Token = Readonly<Record<string, unknown>>;

export interface AuthConfig {
  readonly basePath: string;
  readonly secret: string;
  readonly trustHost: boolean;
  readonly providers: readonly Provider[];
  readonly logger: { readonly error: (error: Error) => void };
  readonly callbacks: {
    /** `account` is there at the sign-in alone; `trigger` is `update` where a page asks for the session anew. */
    readonly jwt: (of: {
      readonly token: Token;
      readonly account?: Account | null;
      readonly trigger?: "signIn" | "signUp" | "update";
    }) => Promise<Token>;
    readonly session: (of: { readonly session: object; readonly token: Token }) => object;
  };
}

export function Auth(request: Request, config: AuthConfig): Promise<Response>;
