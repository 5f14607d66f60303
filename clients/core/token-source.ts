/**
 * Gives the credential of a call, sent as `Authorization: Bearer`. It is asked before every call, by many calls at once, and
 * should answer from memory when it can.
 */
export interface TokenSource {
  /** A token that is good now. The signal aborts when the call that waits for it ends. */
  token(signal: AbortSignal): string | Promise<string>;
  /**
   * Drops a token that the server refused, if it is still the one in use. With a source that has this, a call that is refused
   * for its credential is repeated once, if the source has another token then.
   */
  forget?(token: string): void;
}

/** A token source, or a function that is one. */
export type TokenSourceOption = TokenSource | TokenSource["token"];

/** A source that always gives the same: an API key, or an access token that somebody else renews. */
export function staticToken(token: string): TokenSource {
  return {
    token: () => {
      if (token === "") throw new Error("the static token is empty");
      return token;
    },
  };
}

/** The source that an option stands for. */
export function tokenSourceOf(option: TokenSourceOption): TokenSource {
  return typeof option === "function" ? { token: option } : option;
}
