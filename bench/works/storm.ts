import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createByRest, type Site } from "../http-client.ts";
import type { KoderIdServer } from "../targets/koder-id.ts";
import { journey } from "./journey.ts";
import type { Provider } from "./provider.ts";

/** People who sign in again and again, each as fast as they are let. */
export interface Storm {
  /** Ends it, once everybody has been answered; tells how many signed in, and how often somebody was told to come later. */
  end(): Promise<{ readonly signedIn: number; readonly refused: number }>;
}

/** How long somebody waits who was told to come later, in milliseconds. */
const pause = 50;

/** Creates those who sign in during storms. */
export async function createStormyPeople({ site, apiKey }: KoderIdServer, people: number): Promise<void> {
  for (let person = 0; person < people; person++) {
    await createByRest(site, apiKey, "/v1/users", { username: stormy(person), password });
  }
}

/** Has `people` who were created sign in with passwords side by side, over connections of their own, until it is ended. */
export function startStorm(provider: Provider, people: number): Storm {
  const agent = new Agent({ keepAlive: true, maxSockets: people });
  const site: Site = { ...provider.site, agent };
  const fill = (page: URL, person: number) => {
    const { path, form } = provider.signIn.fill(page, 0, "");
    return { path, form: { ...form, username: stormy(person), password } };
  };
  const over = new AbortController();
  let signedIn = 0;
  let refused = 0;
  const everybody = Promise.all(
    Array.from({ length: people }, async (_, person) => {
      while (!over.signal.aborted) {
        try {
          await journey(site, { ...provider.signIn, fill }, person);
          signedIn += 1;
        } catch (error) {
          if (!(error instanceof Error && /answered (429|503)/.test(error.message))) throw error;
          refused += 1;
          await delay(pause);
        }
      }
    }),
  );
  // Whoever fails otherwise makes the end fail, and nothing before it.
  everybody.catch(() => {});
  return {
    async end() {
      over.abort();
      await everybody;
      agent.destroy();
      return { signedIn, refused };
    },
  };
}

const password = "correct horse battery staple";
const stormy = (person: number): string => `stormy-${person}`;
