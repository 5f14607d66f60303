/** So many sessions a browser has at most, each of another person; with one more the oldest ends. */
export const mostSessions = 5;

const tokenForm = /^ksn_[A-Za-z0-9_-]{43}$/;
const separator = ".";

/** The tokens in what a browser sent, the active session's first. Whatever else it holds is passed over. */
export function readTokens(sessionToken: string): readonly string[] {
  const tokens = sessionToken.split(separator).filter((token) => tokenForm.test(token));
  return [...new Set(tokens)].slice(0, mostSessions);
}

/** What a browser's cookie is to hold. */
export const writeTokens = (tokens: readonly string[]): string => tokens.join(separator);
