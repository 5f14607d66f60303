import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BrandingSchema } from "#gen/koder/admin/v1/branding_pb.ts";
import { openTemplates } from "../../../host/templates.ts";
import { textsOf } from "../texts.ts";
import { brandOf, usualBrand } from "./brand.ts";
import { frameOf } from "./frame.ts";

const engine = await openTemplates(join(import.meta.dirname, "../templates"));
const of = (tenantName: string, locale = "en-US") => ({ tenantName, locale, t: textsOf(locale) });

test("a frame is made once for a language and a name, and speaks it", () => {
  const brand = brandOf(create(BrandingSchema, { termsUri: "https://acme.example/terms", primaryColor: "#0f766e" }));
  const english = frameOf(engine, brand, of("Acme"));
  expect(frameOf(engine, brand, of("Acme"))).toBe(english);
  expect(english.footer).toContain(">Terms</a>");
  expect(english.header).toContain('<span class="letter" aria-hidden="true">A</span><span>Acme</span>');
  expect(frameOf(engine, brand, of("Acme", "pt-BR")).footer).toContain(">Termos</a>");
  expect(frameOf(engine, brand, of("Other")).header).toContain("Other");
});

test("whoever looks as usual has their own name, and our mark", () => {
  for (const name of ["One", "Two"]) {
    const { head, header, footer } = frameOf(engine, usualBrand, of(name));
    expect(header).toMatch(new RegExp(`<svg .*</svg><span>${name}</span>`));
    expect([head.startsWith("<link"), footer]).toEqual([true, ""]);
  }
});

test("what a tenant wrote is text in it", () => {
  const displayName = `"><script>alert(1)</script>`;
  const image = { version: "0123456789abcdef", mediaType: "image/png", width: 400, height: 80 };
  const brand = brandOf(
    create(BrandingSchema, { displayName, logo: image, supportUri: "https://a.example/?a='\"<b>" }),
  );
  const { header, footer } = frameOf(engine, brand, of(displayName));
  expect(header).toContain('alt="&#34;&gt;&lt;script&gt;');
  expect(footer).toContain('href="https://a.example/?a=&#39;&#34;&lt;b&gt;"');
});
