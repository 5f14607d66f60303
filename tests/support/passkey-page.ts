/** What a page asks its script to ask a passkey by; empty where it asks for none. */
export const passkeyOptionsOn = (html: string): string =>
  (/data-passkey="([^"]*)"/.exec(html)?.[1] ?? "").replaceAll("&#34;", '"').replaceAll("&quot;", '"');
