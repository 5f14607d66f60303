import type { Instance } from "./relying-party.ts";

/** The mails that a development server shows, as its page has them. */
const shownMails = async (server: Pick<Instance, "url">): Promise<string> =>
  (await fetch(`${server.url}/dev/mail`)).text();

/** The token of the newest link that an address was mailed, in place of `before`. */
export async function mailedToken(server: Pick<Instance, "url">, address: string, before = ""): Promise<string> {
  const tokens = async () => {
    const sections = (await shownMails(server)).split("<section").filter((section) => section.includes(address));
    return sections.flatMap((section) => /[?&]token=([\w-]+)/.exec(section)?.[1] ?? []);
  };
  // Not by `expect.poll`: what takes pictures of pages is no test. A mail may come twice, and the one before again behind the one
  // that is waited for.
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const found = (await tokens()).find((token) => token !== before);
    if (found !== undefined) return found;
  }
  throw new Error("no link was mailed");
}

/** The newest one-time code that an address or telephone was sent, in place of `before`. */
export async function sentCode(server: Pick<Instance, "url">, to: string, before = ""): Promise<string> {
  const codes = async () => {
    const sections = (await shownMails(server)).split("<section").filter((section) => section.includes(to));
    return sections.flatMap((section) => /(?<![#\d])\b\d{6}\b/.exec(section.replace(to, ""))?.[0] ?? []);
  };
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const [code = before] = await codes();
    if (code !== before) return code;
  }
  throw new Error("no code was sent");
}
