import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { mostLookedAt } from "../support/looked-at.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  registerClient,
  rest,
  type RelyingParty,
} from "../support/relying-party.ts";
import type { RunningServer } from "../support/server.ts";
import type { Shape } from "../support/shapes.ts";

/** Attacks by guessing, whatever the shape of the product. */
export function guessingAttacks({ start }: Shape): void {
  let server: RunningServer;
  let client: RelyingParty;
  beforeAll(async () => {
    server = await start({ KODER_ID_TRUSTED_PROXIES: "127.0.0.1" });
    client = await registerClient(server);
  });
  afterAll(() => server?.stop());

  /** A browser on the sign-in page, ready to send guesses, from an address of its own if it names one. */
  async function guesser(address?: string) {
    const browser = httpBrowser();
    const pending = locationOf(await browser.get(authorizationRequest(server, client).url), server.url);
    const authorization = pending.searchParams.get("authorization") ?? "";
    return (username: string, guess: string) =>
      browser.post(
        `${server.url}/sign-in`,
        { authorization, username, password: guess },
        address === undefined ? {} : { "x-forwarded-for": address },
      );
  }

  describe("A7: guesses are counted before they are verified", () => {
    test("of 40 at once five are verified and one after the first wait; then the right password waits too", async () => {
      const person = await createPerson(server);
      const guess = await guesser();
      const began = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_value, n) => guess(person.username, `wrong guess ${n}`)),
      );
      const statuses = answers.map(({ status }) => status);
      const verified = statuses.filter((status) => status === 401).length;
      // The 503s were counted as well; the hashing lane was full.
      expect(verified).toBeLessThanOrEqual(mostLookedAt(performance.now() - began));
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(30);
      for (const { status, headers } of answers)
        if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      // However much of the wait is left by now: one more that is verified begins the next one, which is twice as long.
      const oneMore = async () => (await guess(person.username, "one more wrong guess")).status;
      await expect.poll(oneMore, { interval: 200, timeout: 20_000 }).toBe(401);
      expect((await guess(person.username, password)).status).toBe(429);
    });

    test("100 at once count 100: one less leaves one attempt to their address, and no more is left then", async () => {
      const [victim, other] = [await createPerson(server), await createPerson(server)];
      const window = () => Math.floor(Date.now() / 600_000);
      const statuses = async (address: string) => {
        const [guess, honest] = [await guesser(address), await guesser(address)];
        await Promise.all(Array.from({ length: 99 }, (_value, n) => guess(victim.username, `wrong guess ${n}`)));
        const before = await honest(other.username, password);
        await guess(victim.username, "wrong guess 99");
        const again = await guesser(address);
        const after = await again(other.username, password);
        return [before.status, after.status];
      };
      const began = window();
      let seen = await statuses("192.0.2.1");
      // What an address did is counted anew every ten minutes.
      if (window() !== began) seen = await statuses("192.0.2.2");
      expect(seen).toEqual([303, 429]);
    });

    test("a success ends the row: 50 sign-ins of one person are no attack", async () => {
      const person = await createPerson(server);
      for (let i = 0; i < 50; i++) {
        const guess = await guesser();
        if (i % 10 === 0) expect((await guess(person.username, "a slip of the finger")).status).toBe(401);
        expect((await guess(person.username, password)).status).toBe(303);
      }
    });
  });

  describe("A23: nobody learns who has an account", () => {
    test("the answers to a name that nobody has are those to a wrong password, the limit too", async () => {
      const person = await createPerson(server);
      const guess = await guesser("192.0.2.11");
      /** What is answered to one guess after the other, each answer once: how long a guess takes decides when a wait is over. */
      const answersTo = async (username: string) => {
        const seen = new Set<string>();
        for (let i = 0; i < 20 && seen.size < 2; i++) {
          const response = await guess(username, "not the password");
          const page = (await response.text())
            .replaceAll(/KID-[A-Z]+-\d{3}-[0-9A-Z]+/g, "KID")
            .replaceAll(username, "NAME")
            .replaceAll(/&#34;challenge&#34;:&#34;[\w-]+/g, "CHALLENGE");
          seen.add(`${response.status} ${page.replace(/Wait \d+ seconds/, "Wait")}`);
        }
        return [...seen];
      };
      const ofNobody = await answersTo("nobody-at-all");
      expect(ofNobody.map((answer) => answer.slice(0, 3))).toEqual(["401", "429"]);
      expect(await answersTo(person.username)).toEqual(ofNobody);
    });

    test("where no attempt is let through any more the page leads to a new password, whoever the name belongs to", async () => {
      const limits = (body: object) => rest(server, "PATCH", "/v1/admin/policies/authentication", body);
      expect((await limits({ attempts_before_wait: 10, max_attempts: 10 })).status).toBe(200);
      try {
        const person = await createPerson(server);
        const guess = await guesser("192.0.2.12");
        const last = async (username: string) => {
          for (let i = 0; i < 10; i++) await guess(username, "not the password");
          await expect.poll(async () => (await guess(username, password)).headers.get("retry-after")).toBe(null);
          const answer = await guess(username, password);
          const page = await answer.text();
          return [answer.status, page.includes("waiting does not help"), /<a href="\/reset\?authorization=/.test(page)];
        };
        expect(await last(person.username)).toEqual([429, true, true]);
        expect(await last("nobody-of-these")).toEqual([429, true, true]);
      } finally {
        await limits({ attempts_before_wait: 5, max_attempts: 100 });
      }
    });

    test("another name of an account that waits is answered like another name of nobody, and guesses no more by it", async () => {
      const username = "xavier";
      const made = { username, email: "xavier@xn--bcher-kva.example", name: "Xavier Person", password };
      expect((await rest(server, "POST", "/v1/users", made)).status).toBe(200);
      const guess = await guesser("192.0.2.13");
      const statuses = async (first: string, ...others: string[]) => {
        const isWaiting = async () => (await guess(first, "not the password")).status;
        await expect.poll(isWaiting, { interval: 1 }).toBe(429);
        const seen: number[] = [];
        for (const name of others) seen.push((await guess(name, "not the password")).status);
        return seen;
      };
      const ofNobody = await statuses("nobody", "nobody@bücher.example", "nobody@xn--bcher-kva.example");
      expect(ofNobody).toEqual([401, 401]);
      const address = "xavier@xn--bcher-kva.example";
      expect(await statuses(username, "xavier@bücher.example", address)).toEqual(ofNobody);
    });
  });
}
