import { afterAll, beforeAll, expect, test } from "vitest";
import { openSignInPage } from "../faults/crash/sign-in-page.ts";
import { authorizationRequest, createPerson, locationOf, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

test("a stranger's guesses lock nobody out of a browser in which they have signed in, and gain nothing by it", async () => {
  const [{ username }, client] = [await createPerson(server), await registerClient(server)];
  const page = await openSignInPage(server, client);
  expect((await page.send({ username, password })).status).toBe(303);

  const stranger = await openSignInPage(server, client);
  const guess = async () => (await stranger.send({ username, password: "a guess of somebody" })).status;
  const guesses = await Promise.all(Array.from({ length: 20 }, guess));
  expect(guesses.filter((status) => status === 401).length).toBeLessThanOrEqual(7);
  await expect.poll(guess).toBe(429);
  // Also with the right password, while the wait lasts.
  const elsewhere = await openSignInPage(server, client);
  expect((await elsewhere.send({ username, password })).status).toBe(429);

  const { url } = authorizationRequest(server, client, { prompt: "login" });
  const authorization = locationOf(await page.browser.get(url), server.url).searchParams.get("authorization") ?? "";
  const again = await page.browser.post(`${server.url}/sign-in`, { authorization, username, password });
  expect(again.status).toBe(303);
});
