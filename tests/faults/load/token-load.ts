import type { ClientAnswer } from "./client-request.ts";
import { think, type Acknowledged, type Family, type LoadClient } from "./load.ts";
import { isInvalidGrant } from "./sign-in-load.ts";
import { tokenRequestOf } from "./token-request.ts";

/** How long after a rotation the token before gives the same successor, in milliseconds. */
const overlap = 10_000;
/** After how many refreshes an answer is taken for lost although it came: one in so many. */
const repeatedOneIn = 8;

/** Gets tokens of a client's own, until the load is over. */
export async function clientCredentialsLoad(
  { tally, client, isOver }: LoadClient,
  { tokens }: Acknowledged,
): Promise<void> {
  while (!isOver()) {
    const answer = await tally.send(
      "client credentials",
      tokenRequestOf(client, { grant_type: "client_credentials" }),
      ({ status }) => status === 200,
    );
    if (answer?.status === 200) tokens.push({ accessToken: tokensOf(answer).accessToken, family: undefined });
    else if (answer !== undefined) tally.surprise(`client credentials: ${answer.status} ${answer.text}`);
    await think(60);
  }
}

/** Refreshes those families that are `share` modulo `of`, one after the other, until the load is over. */
export async function refreshLoad(
  load: LoadClient,
  acknowledged: Acknowledged,
  { share, of }: { readonly share: number; readonly of: number },
): Promise<void> {
  for (let turn = 0; !load.isOver(); turn += 1) {
    const mine = acknowledged.families.filter(({ ended }, at) => at % of === share && ended === undefined);
    const family = mine[turn % mine.length];
    if (family !== undefined) {
      await refreshUntilAnswered(load, family, acknowledged);
      if (turn % repeatedOneIn === repeatedOneIn - 1) await repeatLatest(load, family, acknowledged);
    }
    await think(40);
  }
}

/** Presents the latest token until it is answered, as an honest client does that does not know whether it was taken. */
export async function refreshUntilAnswered(
  load: LoadClient,
  family: Family,
  acknowledged: Acknowledged,
): Promise<void> {
  do {
    await refreshOnce(load, family, acknowledged);
    if (family.firstUnanswered !== undefined) await think(100);
  } while (family.firstUnanswered !== undefined && !load.isOver());
}

/**
 * Presents the latest token of a family. The rule: a token whose first request left less than the overlap ago gives a
 * successor, always the same one. Only when all answers were lost for longer may the server have rotated before the overlap
 * began, and take the token for an old generation: then the family ends, and its person signs in again.
 */
async function refreshOnce(load: LoadClient, family: Family, acknowledged: Acknowledged): Promise<void> {
  const sentAt = performance.now();
  const firstSent = family.firstUnanswered ?? sentAt;
  const answer = await present(load, family.line.at(-1) ?? "");
  if (answer === undefined) {
    family.firstUnanswered = firstSent;
    return;
  }
  family.firstUnanswered = undefined;
  if (answer.status === 200) {
    const { accessToken, refreshToken } = tokensOf(answer);
    family.line.push(refreshToken);
    family.latestSent = firstSent;
    acknowledged.tokens.push({ accessToken, family });
  } else if (isInvalidGrant(answer) && firstSent < sentAt && performance.now() - firstSent > overlap) {
    family.ended = "overlap passed";
    load.tally.note("families that ended because no answer came for longer than the overlap; signed in again");
  } else {
    family.ended = "perhaps";
    load.tally.surprise(
      `refresh after ${Math.round(performance.now() - firstSent)} ms: ${answer.status} ${answer.text}`,
    );
  }
}

/** Presents the token before the latest again, as if its answer had been lost: the same successor must come. */
async function repeatLatest(load: LoadClient, family: Family, acknowledged: Acknowledged): Promise<void> {
  const [before, latest] = family.line.slice(-2);
  if (before === undefined || latest === undefined || family.ended !== undefined) return;
  if (family.firstUnanswered !== undefined) return;
  const answer = await present(load, before);
  // Only what was answered in time says anything.
  const isInTime = performance.now() - family.latestSent < overlap;
  if (answer === undefined) return;
  if (answer.status === 200 && tokensOf(answer).refreshToken === latest) {
    acknowledged.tokens.push({ accessToken: tokensOf(answer).accessToken, family });
    load.tally.note("refresh tokens presented again within the overlap: the same successor came");
  } else if (!isInTime && isInvalidGrant(answer)) {
    family.ended = "overlap passed";
    load.tally.note("families that ended because a token was presented again after the overlap");
  } else load.tally.surprise(`refresh again: ${answer.status} ${answer.text}`);
}

const present = ({ tally, client }: LoadClient, refreshToken: string) =>
  tally.send(
    "refresh",
    tokenRequestOf(client, { grant_type: "refresh_token", refresh_token: refreshToken }),
    ({ status }) => status === 200,
  );

/** The tokens of a success. */
function tokensOf({ text }: ClientAnswer): { readonly accessToken: string; readonly refreshToken: string } {
  const { access_token: accessToken, refresh_token: refreshToken = "" } = JSON.parse(text) as {
    readonly access_token: string;
    readonly refresh_token?: string;
  };
  return { accessToken, refreshToken };
}
