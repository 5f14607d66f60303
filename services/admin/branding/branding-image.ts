import { hash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
  BrandingImageSchema as StoredImageSchema,
  type BrandingImage as StoredImage,
} from "#gen/koder/admin/store/v1/branding_pb.ts";
import type { BrandingImage } from "#gen/koder/admin/v1/branding_pb.ts";
import { imageSize } from "../../host/images/image-size.ts";
import { imageType } from "../../host/images/image-type.ts";
import { brandingInvalid } from "./branding-invalid.ts";

/** In pixels, each way: what a sharp screen can show of them, and more. */
const largest = { logo: 2_048, logo_dark: 2_048, favicon: 512 } as const;
/** A picture so flat or so high that nothing of it would be seen. */
const steepest = 20;

/**
 * A picture as it is kept: what it is, by its bytes and not by what anybody says, and how large. Undefined where there is to be
 * none. Throws BRANDING_INVALID for what is no picture (security A18), and for one that no page could show.
 */
export function storedImage(path: keyof typeof largest, asked: BrandingImage | undefined): StoredImage | undefined {
  if (asked === undefined) return undefined;
  const { data } = asked;
  const [mediaType, size] = [imageType(data), imageSize(data)];
  if (mediaType === undefined || size === undefined) {
    throw brandingInvalid(`${path}.data`, "must be a PNG, JPEG, GIF or WebP file; SVG is not taken");
  }
  const { width, height } = size;
  const most = largest[path];
  if (width > most || height > most) {
    throw brandingInvalid(`${path}.data`, `must be at most ${most} pixels wide and high; it is ${width} by ${height}`);
  }
  if (width > steepest * height || height > steepest * width) {
    throw brandingInvalid(`${path}.data`, `must not be more than ${steepest} times as long one way as the other`);
  }
  return create(StoredImageSchema, {
    data,
    mediaType,
    width,
    height,
    version: hash("sha256", data, "hex").slice(0, 16),
  });
}
