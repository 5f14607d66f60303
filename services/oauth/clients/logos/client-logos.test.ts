import { beforeEach, expect, test } from "vitest";
import { OutboundFailed } from "../../../host/outbound/outbound-failed.ts";
import { createClientLogos, logoVersion, type ClientLogos } from "./client-logos.ts";

const png = Buffer.from("\x89PNG\r\n\x1a\n and so on", "latin1");
const client = { clientId: "chat", logoUri: "https://chat.example/logo.png" };

let now: number;
let asked: string[];
let answer: () => { status: number; contentType: string; body: Uint8Array };
let logos: ClientLogos;
beforeEach(() => {
  now = 0;
  asked = [];
  answer = () => ({ status: 200, contentType: "text/html", body: png });
  const outbound = {
    async get(url: string, { maxBytes }: { maxBytes: number }) {
      asked.push(`${url} ${maxBytes}`);
      return answer();
    },
    post: () => Promise.reject(new Error("nothing is posted")),
  };
  logos = createClientLogos({ outbound, clock: () => now });
});

test("a logo is fetched once an hour, at most 256 KiB of it, and is what its bytes say", async () => {
  for (const at of [0, 1, 3_599_999]) {
    now = at;
    expect(await logos.get("t1", client)).toEqual({ image: png, mediaType: "image/png" });
  }
  expect(asked).toEqual([`${client.logoUri} 262144`]);
  now = 3_600_000;
  await logos.get("t1", client);
  expect(asked).toHaveLength(2);
});

test("another address, client or tenant is another logo", async () => {
  await logos.get("t1", client);
  await logos.get("t2", client);
  await logos.get("t1", { ...client, clientId: "drive" });
  await logos.get("t1", { ...client, logoUri: "https://chat.example/new.png" });
  expect(asked).toHaveLength(4);
  expect(logoVersion(client)).not.toBe(logoVersion({ logoUri: "https://chat.example/new.png" }));
});

test.each([
  ["a page", { status: 200, contentType: "image/png", body: Buffer.from("<script>alert(1)</script>") }],
  ["SVG", { status: 200, contentType: "image/svg+xml", body: Buffer.from("<svg/>") }],
  ["an error", { status: 404, contentType: "image/png", body: png }],
])("%s is no logo, and the host is left alone for a minute", async (_name, given) => {
  answer = () => given;
  for (const at of [0, 59_999]) {
    now = at;
    expect(await logos.get("t1", client)).toBeUndefined();
  }
  expect(asked).toHaveLength(1);
  now = 60_000;
  answer = () => ({ status: 200, contentType: "image/png", body: png });
  expect(await logos.get("t1", client)).toMatchObject({ mediaType: "image/png" });
});

test("a host that is not asked, or does not answer, gives none; a fault of ours is one", async () => {
  answer = () => {
    throw new OutboundFailed("address");
  };
  expect(await logos.get("t1", client)).toBeUndefined();
  answer = () => {
    throw new TypeError("ours");
  };
  await expect(logos.get("t2", client)).rejects.toThrow("ours");
});

test("a client without one is not asked about", async () => {
  expect(await logos.get("t1", { ...client, logoUri: "" })).toBeUndefined();
  expect([asked, logoVersion({ logoUri: "" })]).toEqual([[], ""]);
});
