import { createHash } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BrandingImageSchema, BrandingSchema, ColorScheme } from "#gen/koder/admin/v1/branding_pb.ts";
import { assets } from "../assets.ts";
import { brandOf, usualBrand } from "./brand.ts";

const brand = (init: MessageInitShape<typeof BrandingSchema> = {}) => brandOf(create(BrandingSchema, init));
const image = (width: number, height: number, version = "0123456789abcdef") =>
  create(BrandingImageSchema, { width, height, version, mediaType: "image/png" });

test("a tenant that says nothing looks as usual", () => {
  const { textsIn, ...shown } = brand();
  const { textsIn: _usual, ...usual } = usualBrand;
  expect(shown).toEqual(usual);
  expect(textsIn("es")).toEqual({ signInHeading: "", signInNote: "" });
  expect(usualBrand.contentSecurityPolicy).toContain("style-src 'self';");
});

test("its style is let in by its hash, and nothing else is", () => {
  const { style, contentSecurityPolicy } = brand({ primaryColor: "#7a1fa2" });
  const hash = createHash("sha256").update(style).digest("base64");
  expect(contentSecurityPolicy).toBe(
    `default-src 'none'; style-src 'self' 'sha256-${hash}'; script-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'`,
  );
});

test.each([
  // width, height → shown width, height, alone
  [480, 120, 176, 44, true],
  [2_000, 100, 240, 12, true],
  [120, 30, 120, 30, true],
  [512, 512, 36, 36, false],
  [100, 1_000, 4, 36, false],
  [1, 1, 1, 1, false],
  [2_048, 103, 240, 12, true],
])("a logo of %d by %d is shown as %d by %d", (width, height, shownWidth, shownHeight, isWide) => {
  expect(brand({ logo: image(width, height) }).logo).toEqual({
    src: "/pages/branding/0123456789abcdef",
    width: shownWidth,
    height: shownHeight,
    isWide,
    dark: undefined,
  });
});

test("the logo for dark pages has its own size in the box of the other", () => {
  const { logo } = brand({ logo: image(480, 120), logoDark: image(240, 120, "fedcba9876543210") });
  expect(logo?.dark).toEqual({ src: "/pages/branding/fedcba9876543210", width: 88, height: 44 });
});

test("the tab has the favicon, or a logo that is not wide, or our mark", () => {
  expect(brand({ favicon: image(32, 32) }).icon).toEqual({
    href: "/pages/branding/0123456789abcdef",
    type: "image/png",
  });
  expect(brand({ logo: image(64, 64) }).icon.type).toBe("image/png");
  expect(brand({ logo: image(640, 64) }).icon).toEqual(usualBrand.icon);
});

test("a tenant with a colour and no logo has a tile", () => {
  expect(brand({ primaryColor: "#7a1fa2" }).hasTile).toBe(true);
  expect(brand({ primaryColor: "#7a1fa2", logo: image(9, 9) }).hasTile).toBe(false);
});

test("texts are of one language; no other stands in for it", () => {
  const { textsIn } = brand({ texts: [{ language: "pt-BR", signInHeading: "Olá", signInNote: "" }] });
  expect(textsIn("pt-BR").signInHeading).toBe("Olá");
  expect(textsIn("en-US").signInHeading).toBe("");
});

test("pages that are light or dark for everybody have a style that asks no device, and the logo for them", () => {
  const { LIGHT, DARK } = ColorScheme;
  const logos = { logo: image(480, 120), logoDark: image(240, 120, "fedcba9876543210") };
  const [light, dark] = [brand({ ...logos, colorScheme: LIGHT }), brand({ ...logos, colorScheme: DARK })];
  expect([light.stylesheet, dark.stylesheet]).toEqual([assets.lightCss, assets.darkCss]);
  expect(light.logo).toMatchObject({ src: "/pages/branding/0123456789abcdef", dark: undefined });
  expect(dark.logo).toMatchObject({ src: "/pages/branding/fedcba9876543210", width: 88 });
  // Without one for dark pages it stands on white there.
  expect(brand({ logo: image(480, 120), colorScheme: DARK }).logo).toMatchObject({ dark: undefined });
});
