import { OAuthRefusal } from "./oauth-error.ts";

/** No parameter twice (RFC 6749 §3.1, §3.2). Throws an OAuthRefusal that names the first. */
export function checkDuplicates({
  duplicateParameters: [name],
}: {
  readonly duplicateParameters: readonly string[];
}): void {
  if (name !== undefined) throw new OAuthRefusal("invalid_request", `${name} was sent twice`);
}
