import type { Account, RequestingClient } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { logoPath } from "./client-logo.ts";

/** An account as a page shows it: two lines and a letter. */
export interface ShownAccount {
  readonly session: string;
  readonly title: string;
  /** How the person knows which of their accounts it is; empty where the title says so. */
  readonly detail: string;
  readonly letter: string;
}

/** What a page shows of an account. */
export function shownAccount({ sessionId, name, username, email }: Account): ShownAccount {
  const title = name || username;
  const detail = email || username;
  return { session: sessionId, title, detail: detail === title ? "" : detail, letter: letterOf(title) };
}

/** What a page shows of the client that asks. */
export const shownClient = ({
  clientId,
  clientName,
  policyUri,
  tosUri,
  unverified,
  logoVersion,
}: RequestingClient) => ({
  name: clientName || clientId,
  letter: letterOf(clientName || clientId),
  logo: logoPath(clientId, logoVersion),
  policyUri,
  tosUri,
  unverified,
});

/** Made with the first page that shows one: it reads the tables of every script. */
let characters: Intl.Segmenter | undefined;

/** Nothing joins what is ASCII to what is ASCII, too: such a letter stands alone. */
const plainStart = /^[!-~](?:[ -~]|$)/;

/** The first character as people see it, not the first code unit. */
export function letterOf(name: string): string {
  const start = name.trim().slice(0, 64);
  if (plainStart.test(start)) return start.charAt(0).toUpperCase();
  characters ??= new Intl.Segmenter();
  const [first] = characters.segment(start);
  return (first?.segment ?? "?").toUpperCase();
}
