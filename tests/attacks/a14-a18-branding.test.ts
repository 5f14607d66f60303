import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { logoPng } from "../support/logo-host.ts";
import { authorizationRequest, createPerson, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";

let server: RunningServer;
beforeAll(async () => {
  resolveLocalNames();
  server = await startServer();
});
afterAll(() => server?.stop());

const path = "/v1/admin/branding";
const brand = (body: object) => rest(server, "PATCH", path, body);
const refusal = async (body: object) => {
  const { status, json } = await brand(body);
  return [status, (json["error"] as { readonly reason?: string } | undefined)?.reason] as const;
};
/** The sign-in page, when it looks as it was last said. */
async function signInPage(shows: string): Promise<{ readonly html: string; readonly policy: string }> {
  const client = await registerClient(server);
  const { url } = authorizationRequest(server, client);
  const page = async () => {
    const response = await fetch(url, { redirect: "manual" });
    const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const at = await fetch(new URL(response.headers.get("location") ?? "", server.url), { headers: { cookie } });
    return { html: await at.text(), policy: at.headers.get("content-security-policy") ?? "" };
  };
  await expect.poll(async () => (await page()).html, { timeout: 8_000 }).toContain(shows);
  return page();
}

describe("A18: what a tenant says of its looks", () => {
  const hostile = `"><script>alert(1)</script></style><img src=x onerror=alert(1)>{{ 7 | times: 6 }}'`;

  test("is text, wherever it stands", async () => {
    const texts = [{ language: "en-US", sign_in_heading: hostile.slice(0, 80), sign_in_note: hostile }];
    expect((await brand({ display_name: hostile, texts })).status).toBe(200);
    const { html } = await signInPage("&lt;script&gt;");
    expect(html).not.toMatch(/<script>alert|<img src=x|<\/style>/);
    expect(html).toContain("{{ 7 | times: 6 }}");
    const error = await (await fetch(`${server.url}/sign-in`, { headers: { accept: "text/html" } })).text();
    expect(error).not.toMatch(/<script>alert|<img src=x/);
    expect((await brand({ display_name: "", texts: [] })).status).toBe(200);
  });

  test("is no style but its colours, which alone are let in by their hash", async () => {
    for (const colour of ["red", "#fff", "#ffffff}body{display:none", "url(https://evil.example/)", "#ffffff/**/"]) {
      for (const field of ["primary_color", "primary_color_dark"]) {
        expect(await refusal({ [field]: colour }), colour).toEqual([400, "INVALID_REQUEST"]);
      }
    }
    for (const radius of [-1, 25, "1px;}", 0.5]) {
      expect((await brand({ corner_radius: radius })).status, String(radius)).toBe(400);
    }
    expect((await brand({ primary_color: "#FFDD00", corner_radius: 4 })).status).toBe(200);
    const { html, policy } = await signInPage("<style>");
    const [, style = ""] = /<style>([^<]*)<\/style>/.exec(html) ?? [];
    expect(style).toMatch(/^[\w:;#(){} @.-]+$/);
    expect(style).toContain("--accent:#ffdd00");
    const hash = createHash("sha256").update(style).digest("base64");
    expect(policy).toContain(`style-src 'self' 'sha256-${hash}';`);
    expect(policy).not.toContain("unsafe");
    expect(html).not.toMatch(/ style="/);
  });

  test("leads to https alone", async () => {
    for (const field of ["terms_uri", "privacy_uri", "support_uri"]) {
      for (const uri of [
        "javascript:alert(1)",
        "JavaScript://acme.example/%0aalert(1)",
        "data:text/html,x",
        "http://acme.example/",
        "//acme.example/",
        "https://acme.example@evil.example/",
        " https://acme.example/",
        "https://acme.example/\u0000",
        'https://acme.example/" onclick="alert(1)',
      ]) {
        expect(await refusal({ [field]: uri }), `${field} ${uri}`).toEqual([400, "BRANDING_INVALID"]);
      }
    }
    expect((await brand({ terms_uri: "https://acme.example/terms?a=1&b='x'" })).status).toBe(200);
    const { html } = await signInPage("https://acme.example/terms");
    expect(html).toContain('href="https://acme.example/terms?a=1&amp;b=&#39;x&#39;" rel="noreferrer"');
  });
});

describe("A18: a tenant's pictures", () => {
  const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString("base64");

  test.each([
    ["a page", "<!doctype html><script>alert(1)</script>"],
    ["SVG", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"],
    ["a page that begins like a GIF", "GIF89"],
    ["a PNG without its header", logoPng.subarray(0, 12)],
    ["nothing", ""],
  ])("%s is none", async (_what, bytes) => {
    for (const field of ["logo", "favicon"]) {
      expect(await refusal({ [field]: { data: base64(bytes) } })).toEqual([400, "BRANDING_INVALID"]);
    }
  });

  test("one that is too large is not kept, and one that is no base64 not read", async () => {
    const large = Buffer.concat([logoPng, Buffer.alloc(65_536)]);
    expect(await refusal({ logo: { data: base64(large) } })).toEqual([400, "INVALID_REQUEST"]);
    expect(await refusal({ logo: { data: "<script>" } })).toEqual([400, "INVALID_REQUEST"]);
    const bomb = Buffer.from(logoPng);
    bomb.writeUInt32BE(30_000, 16);
    bomb.writeUInt32BE(30_000, 20);
    expect(await refusal({ logo: { data: base64(bomb) } })).toEqual([400, "BRANDING_INVALID"]);
  });

  test("a picture that is a page as well is nothing but a picture", async () => {
    const polyglot = Buffer.concat([
      Buffer.from("GIF89a/*\0\0\0\0\0"),
      Buffer.from("*/=1;alert(1)//<script>alert(1)</script>"),
    ]);
    const { status, json } = await brand({ logo: { data: base64(polyglot), media_type: "text/html" } });
    expect(status, JSON.stringify(json)).toBe(400); // 10,799 by 0 pixels
    polyglot.writeUInt16LE(60, 6);
    polyglot.writeUInt16LE(60, 8);
    const made = await brand({ logo: { data: base64(polyglot), media_type: "text/html" } });
    const { version, media_type } = made.json["logo"] as Record<string, string>;
    expect(media_type).toBe("image/gif");
    const response = await fetch(`${server.url}/pages/branding/${version ?? ""}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/gif"]);
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'; sandbox/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(Buffer.from(await response.arrayBuffer())).toEqual(polyglot);
  });

  test("A14: is at its tenant's own origin, and at no other", async () => {
    const { host } = await createTenant(server);
    const own = await brand({ logo: { data: base64(logoPng) } });
    const { version = "" } = own.json["logo"] as Record<string, string>;
    expect((await fetch(`${server.url}/pages/branding/${version}`)).status).toBe(200);
    const elsewhere = await fetch(`http://${host}/pages/branding/${version}`);
    expect([elsewhere.status, elsewhere.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    // Nor does a version that is none lead anywhere.
    for (const none of ["0".repeat(16), "..%2f..%2fkeys", "logo", "%00", `${version}.svg`]) {
      expect((await fetch(`${server.url}/pages/branding/${none}`)).status, none).toBeGreaterThanOrEqual(400);
    }
    const theirs = await rest({ ...server, url: `http://${host}` }, "GET", path);
    expect([theirs.status, theirs.json["logo"] ?? null]).toEqual([200, null]);
    // What a host is asked for without a page is its own tenant's, too.
    expect((await brand({ favicon: { data: base64(logoPng) } })).status).toBe(200);
    const iconOf = async (url: string) => {
      const response = await fetch(`${url}/favicon.ico`, { redirect: "manual" });
      return [response.status, response.headers.get("location") ?? response.headers.get("content-type")];
    };
    await expect.poll(() => iconOf(server.url), { timeout: 8_000 }).toEqual([302, `/pages/branding/${version}`]);
    expect(await iconOf(`http://${host}`)).toEqual([200, "image/svg+xml"]);
    expect((await brand({ favicon: null })).status).toBe(200);
  });
});

describe("A18, A4: what a tenant says in its mails", () => {
  const template = "/v1/admin/mail-templates/password_reset/en-US";
  const say = async (body: object) => {
    const { status, json } = await rest(server, "PATCH", template, body);
    const { reason = "", violations = [] } = (json["error"] ?? {}) as {
      readonly reason?: string;
      readonly violations?: readonly { readonly field: string }[];
    };
    return [status, reason, violations.map(({ field }) => field).join()];
  };

  test("is nothing but words around a link of ours", async () => {
    for (const [body, field] of [
      [{ subject: "Hello\r\nBcc: everybody@example.com" }, "subject"],
      [{ subject: "{link}" }, "subject"],
      [{ body: "Go to https://evil.example/ instead." }, "body"],
      [{ body: "{link}\n\n{link}" }, "body"],
      [{ body: "{tenant.constructor}\n\n{constructor}\n\n{link}" }, "body"],
      [{ button: "" }, "button"],
    ] as const) {
      expect(await say(body), JSON.stringify(body)).toEqual([400, "MAIL_TEMPLATE_INVALID", `mail_template.${field}`]);
    }
    const hostile = "<script>alert(1)</script>{{ 7 | times: 6 }}";
    expect(await say({ subject: hostile, body: `${hostile}\n\n{link}` })).toEqual([200, "", ""]);
    const { json } = await rest(server, "POST", `${template}/preview`, {});
    const html = String(json["html"]);
    expect(html).not.toContain("<script>");
    expect(html).toContain("{{ 7 | times: 6 }}");
    expect(html.match(/href="[^"]*"/g)).toEqual([`href="${server.url}/reset?token=this-is-a-preview"`]);
  });

  test("goes out in the next mail, whose link leads to the tenant whatever host was asked", async () => {
    const { id } = await createPerson(server);
    const email = `words.${id.toLowerCase()}@example.com`;
    expect((await rest(server, "PATCH", `/v1/users/${id}`, { email, email_verified: true })).status).toBe(200);
    expect(await say({ subject: "Your {tenant} password", body: "Words of our own.\n\n{link}" })).toEqual([
      200,
      "",
      "",
    ]);
    expect((await rest(server, "POST", "/v1/auth/recovery", { username: email }, "")).status).toBe(200);
    const mail = async () => {
      const sections = (await (await fetch(`${server.url}/dev/mail`)).text()).split("<section");
      return sections.find((section) => section.includes(email)) ?? "";
    };
    await expect.poll(mail, { timeout: 20_000 }).toContain("Words of our own.");
    expect(await mail()).toContain(`href="${server.url}/reset?token=`);
    expect((await rest(server, "DELETE", template)).status).toBe(200);
  });
});

test("A14: branding is for who may change it in this tenant", async () => {
  const [{ username }, client] = [await createPerson(server), await registerClient(server)];
  const { accessToken } = await tokensFor(server, client, username);
  for (const method of ["GET", "PATCH"] as const) {
    const body = method === "PATCH" ? { display_name: "Mine" } : undefined;
    expect((await rest(server, method, path, body, accessToken)).status).toBe(403);
    expect((await rest(server, method, path, body, "")).status).toBe(401);
  }
  expect(server.logs().join("\n")).not.toContain("INTERNAL");
});
