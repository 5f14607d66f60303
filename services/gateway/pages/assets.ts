import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { ownFile } from "../../host/own-files.ts";

interface Asset {
  readonly url: string;
  readonly body: Buffer;
  readonly type: string;
}

const read = (file: string): Buffer => readFileSync(ownFile(`gateway/pages/assets/${file}`));

function asset(file: string, type: string, body = read(file)): Asset {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 16);
  const [name = "", extension = ""] = file.split(".");
  return { url: `/assets/${name}-${hash}.${extension}`, body, type };
}

const [style, cssType] = [read("page.css").toString("utf8"), "text/css; charset=utf-8"];
const css = asset("page.css", cssType);

/** The style of pages that are light, or dark, whatever a device asks for: the same, with that asked of nobody. */
const pinned = (scheme: "light" | "dark"): Asset =>
  asset(
    `page-${scheme}.css`,
    cssType,
    Buffer.from(
      style
        .replace("color-scheme: light dark;", `color-scheme: ${scheme};`)
        .replaceAll("@media (prefers-color-scheme: dark)", scheme === "dark" ? "@media all" : "@media not all"),
    ),
  );
const [lightCss, darkCss] = [pinned("light"), pinned("dark")];
const script = asset("page.js", "text/javascript; charset=utf-8");
const passkey = asset("passkey.js", "text/javascript; charset=utf-8");
const password = asset("password.js", "text/javascript; charset=utf-8");
const formPost = asset("form-post.js", "text/javascript; charset=utf-8");
const mark = asset("mark.svg", "image/svg+xml");

/** Where pages find their style, script and mark; the names change with the contents. */
export const assets = {
  css: css.url,
  lightCss: lightCss.url,
  darkCss: darkCss.url,
  script: script.url,
  passkey: passkey.url,
  password: password.url,
  formPost: formPost.url,
  icon: mark.url,
  iconType: mark.type,
  /** Inline, for the head of a page. */
  mark: mark.body.toString("utf8").trim(),
} as const;

/** Our mark, for browsers that ask for no page's icon but that of the host. */
export const markFile: Pick<Asset, "body" | "type"> = mark;

/** Names change with the contents in this part of them. */
const hashInName = /-[0-9a-f]{16}(?=\.)/;

/**
 * Serves them, to be kept for a year. A page of another version names them otherwise, and may ask here while versions are exchanged:
 * it is given those that are here, to be kept by nobody.
 */
export function mountAssets(app: FastifyInstance): void {
  const all = [css, lightCss, darkCss, script, passkey, password, formPost, mark];
  for (const { url, body, type } of all) {
    app.get(url, async (_request, reply) =>
      reply.header("content-type", type).header("cache-control", "public, max-age=31536000, immutable").send(body),
    );
  }
  const byName = new Map(all.map((one) => [one.url.replace(hashInName, ""), one]));
  app.get<{ Params: { file: string } }>("/assets/:file", (request, reply) => {
    const { file } = request.params;
    const found = hashInName.test(file) ? byName.get(`/assets/${file.replace(hashInName, "")}`) : undefined;
    if (found === undefined) return reply.callNotFound();
    return reply.header("content-type", found.type).header("cache-control", "no-store").send(found.body);
  });
}
