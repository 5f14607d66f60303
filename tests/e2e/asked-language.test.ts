import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailedToken } from "../support/dev-mail.ts";
import { walk } from "../support/interaction-pages.ts";
import { createPerson, registerClient, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
});
afterAll(() => server?.stop());

describe("the language that an application asks for (ui_locales)", () => {
  test("is gone on in by who has lost their password: on the pages, and in the mail", async () => {
    const { username } = await createPerson(server);
    const way = await walk(server, client, { ui_locales: "es" });
    const { html } = await way.page();
    way.follow(/href="(\/reset[^"]+)"/.exec(html)?.[1] ?? "");
    expect((await way.page()).html).toContain("Recibir una contraseña nueva");
    const sent = await way.send({ username }, { "accept-language": "pt-BR" });
    expect(sent.headers.get("content-language")).toBe("es");
    await mailedToken(server, `${username}@koder.dev`);
    const mails = await (await fetch(`${server.url}/dev/mail`)).text();
    expect(mails.split("<section").find((mail) => mail.includes(username))).toContain("contraseña");
  });

  test("is not, where the sign-in is another browser's or over, and then no way leads back to it", async () => {
    const way = await walk(server, client, { ui_locales: "es" });
    const response = await fetch(`${server.url}/reset${way.at().search}`);
    expect([response.status, response.headers.get("content-language")]).toEqual([200, "en-US"]);
    expect(await response.text()).not.toContain("/sign-in");
  });
});
