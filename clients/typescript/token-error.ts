/** A refusal of the token endpoint (RFC 6749 §5.2). It is the `cause` of the call's error. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** Of HTTP. */
  readonly status: number;
  /** The standard's error, for instance invalid_client; empty when something else than the server answered. */
  readonly code: string;
  /** For people; it may be empty. */
  readonly description: string;

  constructor(status: number, code = "", description = "") {
    super(`the token endpoint answered ${status}${code === "" ? "" : ` ${code}: ${description}`}`);
    this.status = status;
    this.code = code;
    this.description = description;
  }
}
