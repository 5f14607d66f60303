import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, test } from "vitest";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import {
  GetBrandingImageRequestSchema,
  GetShownBrandingRequestSchema,
} from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { BrandingSchema, type Branding } from "#gen/koder/admin/v1/branding_pb.ts";
import { GetBrandingRequestSchema, UpdateBrandingRequestSchema } from "#gen/koder/admin/v1/branding_service_pb.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { adminFixture, otherTenantId, tenantId } from "../api-keys/admin-fixture.ts";
import { getBranding } from "./get-branding.ts";
import { getBrandingImage, getShownBranding } from "./shown-branding.ts";
import { updateBranding } from "./update-branding.ts";

/** A PNG of this size, as far as anybody here reads it. */
function png(width: number, height: number, salt = 0): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(40));
  [0x89_50_4e_47, 0x0d_0a_1a_0a, 13, 0x49_48_44_52, width, height].forEach((word, at) => bytes.setUint32(4 * at, word));
  bytes.setUint32(36, salt);
  return new Uint8Array(bytes.buffer);
}

let fixture: Awaited<ReturnType<typeof adminFixture>>;
beforeEach(async () => {
  fixture = await adminFixture();
});
const get = async (of: string = tenantId): Promise<Branding> => {
  const answer = await getBranding(fixture.dependencies)(
    create(GetBrandingRequestSchema),
    fixture.context({ tenantId: of }),
  );
  return answer.branding ?? create(BrandingSchema);
};
async function update(branding: MessageInitShape<typeof BrandingSchema>, ...paths: string[]): Promise<Branding> {
  const updateMask = create(FieldMaskSchema, { paths });
  const request = create(UpdateBrandingRequestSchema, { branding, updateMask });
  return (await updateBranding(fixture.dependencies)(request, fixture.context())).branding ?? create(BrandingSchema);
}
const imageOf = async (version: string, of: string = tenantId) =>
  (
    await getBrandingImage(fixture.dependencies)(
      create(GetBrandingImageRequestSchema, { version }),
      fixture.context({ tenantId: of }),
    )
  ).image;
/** Reason and field of a refusal. */
async function refusal(call: Promise<unknown>): Promise<readonly [string | undefined, string | undefined]> {
  const error = await call.then(
    () => new Error("the call was not refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw error;
  const [details] = error.findDetails(BadRequestSchema);
  return [errorInfoOf(error)?.reason, details?.fieldViolations[0]?.field];
}

test("a tenant that said nothing has an empty branding", async () => {
  expect(await get()).toEqual(create(BrandingSchema, { etag: "v0" }));
});

test("the fields of the mask change, and no others; each change is an event", async () => {
  await update(
    { displayName: "Acme", primaryColor: "#7A1FA2", cornerRadius: 0 },
    "display_name",
    "primary_color",
    "corner_radius",
  );
  const after = await update({ displayName: "ignored", termsUri: "https://acme.example/terms" }, "terms_uri");
  expect(after).toMatchObject({
    etag: "v2",
    displayName: "Acme",
    primaryColor: "#7a1fa2",
    cornerRadius: 0,
    termsUri: "https://acme.example/terms",
  });
  expect(await get()).toEqual(after);
  expect((await update({}, "corner_radius")).cornerRadius).toBeUndefined();
  expect(await get(otherTenantId)).toMatchObject({ etag: "v0", displayName: "" });
  const events = (await fixture.dependencies.system.outbox(0, 100)).map(({ event }) => event);
  expect(events.filter(({ resourceType }) => resourceType === "branding").map(({ payload }) => payload)).toMatchObject([
    { case: "brandingUpdated", value: { paths: ["display_name", "primary_color", "corner_radius"] } },
    { case: "brandingUpdated", value: { paths: ["terms_uri"] } },
    { case: "brandingUpdated", value: { paths: ["corner_radius"] } },
  ]);
});

test("a picture is what its bytes say, found by its version, and by nobody else", async () => {
  const data = png(320, 80);
  const { logo } = await update({ logo: { data, mediaType: "text/html", width: 1 } }, "logo");
  expect(logo).toMatchObject({ data, mediaType: "image/png", width: 320, height: 80 });
  expect(logo?.version).toMatch(/^[0-9a-f]{16}$/);
  const version = logo?.version ?? "";
  expect((await imageOf(version))?.data).toEqual(data);
  expect(await imageOf(version, otherTenantId)).toBeUndefined();
  expect(await imageOf("0".repeat(16))).toBeUndefined();

  const { branding } = await getShownBranding(fixture.dependencies)(
    create(GetShownBrandingRequestSchema),
    fixture.context(),
  );
  expect(branding?.logo).toMatchObject({ version, width: 320, data: new Uint8Array() });

  await update({ logo: { data: png(320, 80, 1) } }, "logo");
  expect(await imageOf(version)).toBeUndefined();
  expect((await update({}, "logo")).logo).toBeUndefined();
});

test("a logo for dark pages stands beside one for light ones", async () => {
  expect(await refusal(update({ logoDark: { data: png(9, 9) } }, "logo_dark"))).toEqual([
    "BRANDING_INVALID",
    "branding.logo_dark",
  ]);
  await update({ logo: { data: png(9, 9) }, logoDark: { data: png(9, 9, 1) } }, "logo", "logo_dark");
  expect(await refusal(update({}, "logo"))).toEqual(["BRANDING_INVALID", "branding.logo_dark"]);
  expect((await update({}, "logo", "logo_dark")).logoDark).toBeUndefined();
});

test("the address of the terms stays as long as everybody must accept them", async () => {
  const uri = "https://acme.example/terms";
  await update({ termsUri: uri }, "terms_uri");
  fixture.policy.termsVersion = "1";
  expect(await refusal(update({ displayName: "A" }, "display_name", "terms_uri"))).toEqual([
    "BRANDING_INVALID",
    "branding.terms_uri",
  ]);
  expect(await get()).toMatchObject({ displayName: "", termsUri: uri });
  expect(await update({ termsUri: `${uri}/2`, privacyUri: "" }, "terms_uri", "privacy_uri")).toMatchObject({
    termsUri: `${uri}/2`,
  });
  fixture.policy.termsVersion = "";
  expect((await update({}, "terms_uri")).termsUri).toBe("");
  // Where it was taken away before, the rest is changed as ever.
  fixture.policy.termsVersion = "1";
  expect(await update({ displayName: "A" }, "display_name")).toMatchObject({ displayName: "A" });
});

test("an etag that is not the branding's is refused", async () => {
  const change = (etag: string) => update({ etag, displayName: "A" }, "display_name");
  expect((await change("v0")).etag).toBe("v1");
  expect(await refusal(change("v0"))).toEqual(["ETAG_MISMATCH", undefined]);
});

describe("refused, with its field, and nothing changes:", () => {
  const page = Buffer.from("<!doctype html><script>alert(1)</script>");
  const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
  const text = (language: string, more: object = {}) => ({ language, signInHeading: "x", signInNote: "", ...more });
  test.each([
    ["a page as logo", { logo: { data: page } }, "logo", "logo.data"],
    ["SVG", { logo: { data: svg } }, "logo", "logo.data"],
    ["nothing as logo", { logo: { data: new Uint8Array() } }, "logo", "logo.data"],
    ["the beginning of a picture", { logo: { data: png(1, 1).subarray(0, 20) } }, "logo", "logo.data"],
    ["more pixels than a screen has", { logo: { data: png(2_049, 800) } }, "logo", "logo.data"],
    ["a line", { logo: { data: png(2_000, 10) } }, "logo", "logo.data"],
    ["a large favicon", { favicon: { data: png(513, 513) } }, "favicon", "favicon.data"],
    ["a line break", { displayName: "Acme\nInc" }, "display_name", "display_name"],
    ["blanks", { displayName: "   " }, "display_name", "display_name"],
    ["a turned text", { displayName: "Acme\u202Egnp" }, "display_name", "display_name"],
    ["script", { termsUri: "javascript:alert(1)" }, "terms_uri", "terms_uri"],
    ["no TLS", { privacyUri: "http://acme.example/" }, "privacy_uri", "privacy_uri"],
    ["credentials", { supportUri: "https://acme@evil.example/" }, "support_uri", "support_uri"],
    ["a back slash", { supportUri: "https://acme.example\\@evil.example/" }, "support_uri", "support_uri"],
    ["a blank before", { supportUri: " https://acme.example/" }, "support_uri", "support_uri"],
    ["an attribute", { supportUri: 'https://acme.example/" onclick="x' }, "support_uri", "support_uri"],
    ["a language of no page", { texts: [text("fr")] }, "texts", "texts[0].language"],
    ["a language twice", { texts: [text("es"), text("es")] }, "texts", "texts[1].language"],
    ["a control", { texts: [text("es", { signInNote: "a\u0000" })] }, "texts", "texts[0].sign_in_note"],
    ["what is the server's", {}, "update_time", "update_time"],
    ["a part of a picture", {}, "logo.data", "logo.data"],
  ] satisfies [string, MessageInitShape<typeof BrandingSchema>, string, string][])(
    "%s",
    async (_what, branding, path, field) => {
      await update({ displayName: "Before" }, "display_name");
      const before = await get();
      expect(await refusal(update(branding, "display_name", path))).toEqual(["BRANDING_INVALID", `branding.${field}`]);
      expect(await get()).toEqual(before);
    },
  );
});
