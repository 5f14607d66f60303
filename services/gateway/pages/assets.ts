import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";

interface Asset {
  readonly url: string;
  readonly body: Buffer;
  readonly type: string;
}

function asset(file: string, type: string): Asset {
  const body = readFileSync(join(import.meta.dirname, "assets", file));
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 16);
  const [name = "", extension = ""] = file.split(".");
  return { url: `/assets/${name}-${hash}.${extension}`, body, type };
}

const css = asset("page.css", "text/css; charset=utf-8");
const script = asset("page.js", "text/javascript; charset=utf-8");
const passkey = asset("passkey.js", "text/javascript; charset=utf-8");
const password = asset("password.js", "text/javascript; charset=utf-8");
const formPost = asset("form-post.js", "text/javascript; charset=utf-8");
const mark = asset("mark.svg", "image/svg+xml");

/** Where pages find their style, script and mark; the names change with the contents. */
export const assets = {
  css: css.url,
  script: script.url,
  passkey: passkey.url,
  password: password.url,
  formPost: formPost.url,
  icon: mark.url,
  /** Inline, for the head of a page. */
  mark: mark.body.toString("utf8").trim(),
} as const;

/** Serves them, to be kept for a year. */
export function mountAssets(app: FastifyInstance): void {
  for (const { url, body, type } of [css, script, passkey, password, formPost, mark]) {
    app.get(url, async (_request, reply) =>
      reply.header("content-type", type).header("cache-control", "public, max-age=31536000, immutable").send(body),
    );
  }
  app.get("/favicon.ico", async (_request, reply) =>
    reply.header("content-type", mark.type).header("cache-control", "public, max-age=86400").send(mark.body),
  );
}
