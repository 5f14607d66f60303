import { createHash, randomBytes } from "node:crypto";
import { password } from "../../support/relying-party.ts";
import type { ClientAnswer } from "./client-request.ts";
import { think, type Acknowledged, type Family, type GivenCode, type LoadClient } from "./load.ts";
import { tokenRequestOf } from "./token-request.ts";

/** How often a person sends a form again before they go back to the beginning. */
const patience = 4;
/** How many of the codes are redeemed by two requests at once, as by somebody who stole it: one in so many. */
const racedOneIn = 5;

/** Signs people in, one after the other, as a browser and its application do, until the load is over. */
export async function signInLoad(
  load: LoadClient,
  usernames: readonly string[],
  acknowledged: Acknowledged,
): Promise<void> {
  for (let turn = 0; !load.isOver(); turn += 1) {
    const code = await signIn(load, usernames[turn % usernames.length] ?? "");
    if (code !== undefined) {
      acknowledged.codes.push(code);
      if (turn % racedOneIn === racedOneIn - 1) await race(load, code, acknowledged);
      else await redeem(load, code, acknowledged);
    }
    await think(60);
  }
}

/** Gets a code by the sign-in form; undefined when the servers were away for too long. */
async function signIn({ tally, client, isOver }: LoadClient, username: string): Promise<GivenCode | undefined> {
  const codeVerifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: "openid profile offline_access",
    state: "a-state-that-is-long-enough",
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const asked = await tally.send(
    "authorize",
    { method: "GET", path: `/oauth/v2/authorize?${query.toString()}` },
    ({ status }) => status === 303,
  );
  if (asked === undefined) return undefined;
  const authorization = locationOf(asked)?.searchParams.get("authorization");
  if (authorization === undefined || authorization === null) {
    tally.surprise(`authorize: ${asked.status} ${asked.headers.get("location") ?? asked.text}`);
    return undefined;
  }
  const cookie = asked.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  const form = { authorization, username, password };
  for (let attempt = 0; attempt < patience && !isOver(); attempt += 1) {
    const answer = await tally.send(
      "sign-in",
      { method: "POST", path: "/sign-in", headers: { cookie }, form },
      ({ status }) => status === 303,
    );
    if (answer === undefined) {
      await think(200);
      continue;
    }
    const code = locationOf(answer)?.searchParams.get("code");
    if (code !== undefined && code !== null) return { code, codeVerifier, redeemed: 0, isKnown: true };
    tally.surprise(`sign-in: ${answer.status} ${answer.headers.get("location") ?? answer.text.slice(-600)}`);
    return undefined;
  }
  return undefined;
}

const locationOf = ({ status, headers }: ClientAnswer): URL | undefined =>
  status === 303 ? new URL(headers.get("location") ?? "", "http://here.example") : undefined;

/** Redeems a code once, whatever comes of it: whether a lost redemption was done is not known, so it is not repeated. */
async function redeem(load: LoadClient, code: GivenCode, acknowledged: Acknowledged): Promise<void> {
  const answer = await sendCode(load, code);
  if (answer === undefined) code.isKnown = false;
  else if (answer.status === 200) accept(answer, code, undefined, acknowledged);
  else load.tally.surprise(`code: ${answer.status} ${answer.text}`);
}

/** Redeems a code by two requests at the same moment: one of them at most may succeed, and what it gave must not last. */
async function race(load: LoadClient, code: GivenCode, acknowledged: Acknowledged): Promise<void> {
  const answers = await Promise.all([sendCode(load, code), sendCode(load, code)]);
  code.isKnown = !answers.includes(undefined);
  // Where one of the answers is missing, the second request may never have arrived.
  const ended = code.isKnown ? "code raced" : "perhaps";
  for (const answer of answers) {
    if (answer?.status === 200) accept(answer, code, ended, acknowledged);
    else if (answer !== undefined && !isInvalidGrant(answer)) {
      load.tally.surprise(`code raced: ${answer.status} ${answer.text}`);
    }
  }
}

const sendCode = ({ tally, client }: LoadClient, { code, codeVerifier }: GivenCode) =>
  tally.send(
    "code",
    tokenRequestOf(client, {
      grant_type: "authorization_code",
      code,
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    }),
    ({ status }) => status === 200,
  );

function accept(answer: ClientAnswer, code: GivenCode, ended: Family["ended"], acknowledged: Acknowledged): void {
  code.redeemed += 1;
  const given = JSON.parse(answer.text) as { readonly access_token: string; readonly refresh_token: string };
  const family: Family = { line: [given.refresh_token], firstUnanswered: undefined, latestSent: 0, ended };
  acknowledged.families.push(family);
  acknowledged.tokens.push({ accessToken: given.access_token, family });
}

/** RFC 6749 §5.2. */
export const isInvalidGrant = ({ status, text }: ClientAnswer): boolean =>
  status === 400 && text.includes('"error":"invalid_grant"');
