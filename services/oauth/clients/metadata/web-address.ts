/**
 * Whether a URI may be shown as a link, or fetched: https without user info, and nothing in it that a browser would read
 * otherwise (security A18).
 */
export function isWebAddress(uri: string): boolean {
  if (!/^https:\/\/[\x21-\x7e]+$/.test(uri) || /[\\"'<>`]/.test(uri) || !URL.canParse(uri)) return false;
  const { username, password } = new URL(uri);
  return username === "" && password === "";
}

/** What is right of a URI that is not empty; undefined when it is. An endpoint has no fragment, which never reaches it. */
export function webAddressFault(uri: string, { endpoint = false } = {}): string | undefined {
  if (uri === "") return undefined;
  if (!isWebAddress(uri)) return "must be an https URL";
  return endpoint && uri.includes("#") ? "must have no fragment" : undefined;
}
