import { create } from "@bufbuild/protobuf";
import type {
  BrandingImage as StoredImage,
  BrandingSchema as StoredBrandingSchema,
} from "#gen/koder/admin/store/v1/branding_pb.ts";
import {
  BrandingImageSchema,
  BrandingSchema,
  type Branding,
  type BrandingImage,
  type ColorScheme,
} from "#gen/koder/admin/v1/branding_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import type { Stored } from "../../store/store.ts";

/** A branding as others see it, with the bytes of its pictures for those who ask for them. */
export function brandingMessage(
  stored: Stored<typeof StoredBrandingSchema> | undefined,
  { withData }: { readonly withData: boolean },
): Branding {
  const etag = tenantRecordEtag(stored);
  if (stored === undefined) return create(BrandingSchema, { etag });
  const { $typeName: _stored, $unknown: _unknown, id: _id, logo, logoDark, favicon, texts, ...plain } = stored.record;
  return create(BrandingSchema, {
    etag,
    ...plain,
    colorScheme: plain.colorScheme as ColorScheme,
    texts: texts.map(({ language, signInHeading, signInNote }) => ({ language, signInHeading, signInNote })),
    ...(logo === undefined ? {} : { logo: imageMessage(logo, withData) }),
    ...(logoDark === undefined ? {} : { logoDark: imageMessage(logoDark, withData) }),
    ...(favicon === undefined ? {} : { favicon: imageMessage(favicon, withData) }),
  });
}

const imageMessage = ({ data, mediaType, width, height, version }: StoredImage, withData: boolean): BrandingImage =>
  create(BrandingImageSchema, { mediaType, width, height, version, ...(withData ? { data } : {}) });
