import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { assets, mountAssets } from "./assets.ts";

function served() {
  const app = fastify();
  onTestFinished(() => app.close());
  mountAssets(app);
  return async (url: string) => {
    const { statusCode, headers, body } = await app.inject({ url });
    return { statusCode, type: headers["content-type"], kept: headers["cache-control"], body };
  };
}

test("a page of another version finds its style and scripts here, which nobody keeps under its names", async () => {
  const get = served();
  for (const url of [assets.css, assets.lightCss, assets.darkCss, assets.passkey, assets.icon]) {
    const own = await get(url);
    expect(own).toMatchObject({ statusCode: 200, kept: "public, max-age=31536000, immutable" });
    const ofAnother = url.replace(/-[0-9a-f]{16}\./, "-0123456789abcdef.");
    expect(await get(ofAnother)).toEqual({ ...own, kept: "no-store" });
  }
});

test("what is none of them is not found", async () => {
  const get = served();
  for (const url of ["/assets/page.css", "/assets/nothing-0123456789abcdef.css", "/assets/page-0123.css", "/assets/"]) {
    expect(await get(url)).toMatchObject({ statusCode: 404 });
  }
});
