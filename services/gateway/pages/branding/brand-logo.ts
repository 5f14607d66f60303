import { ColorScheme, type Branding, type BrandingImage } from "#gen/koder/admin/v1/branding_pb.ts";
import { brandImagePath } from "./brand-image.ts";

/** A picture with the size at which a page shows it. */
interface ShownPicture {
  readonly src: string;
  readonly width: number;
  readonly height: number;
}

/** A logo as a page shows it. */
export interface ShownLogo extends ShownPicture {
  /** On dark pages; without one the logo stands on white there. */
  readonly dark: ShownPicture | undefined;
  /** Whether it stands alone: the name of a tenant is usually part of such a one. */
  readonly isWide: boolean;
}

/** The picture in the tab of a page. */
export interface Icon {
  readonly href: string;
  readonly type: string;
}

/** In pixels, of a logo that stands alone, and of one beside the name. */
const boxes = { wide: [240, 44], mark: [36, 36] } as const;
/** How much wider than high a logo is that stands alone. */
const wide = 1.8;

const isWide = ({ width, height }: BrandingImage): boolean => width >= wide * height;

/** The logo of a branding; undefined where there is none. On pages that are dark for everybody it is that for dark ones. */
export function brandLogo({
  logo,
  logoDark,
  colorScheme,
}: Pick<Branding, "logo" | "logoDark" | "colorScheme">): ShownLogo | undefined {
  if (logo === undefined) return undefined;
  const box = boxes[isWide(logo) ? "wide" : "mark"];
  const dark = logoDark === undefined || colorScheme === ColorScheme.LIGHT ? undefined : fitted(logoDark, box);
  const always = colorScheme === ColorScheme.DARK ? dark : undefined;
  return { ...(always ?? fitted(logo, box)), dark, isWide: isWide(logo) };
}

/** The picture for the tab: the favicon, or else a logo that is not wide. */
export function brandIcon({ favicon, logo }: Pick<Branding, "favicon" | "logo">): Icon | undefined {
  const image = favicon ?? (logo === undefined || isWide(logo) ? undefined : logo);
  return image === undefined ? undefined : { href: brandImagePath(image), type: image.mediaType };
}

/** As large as the box lets it be, but no larger than it is: whatever its size, the page stays as it was laid out. */
function fitted(image: BrandingImage, [mostWide, mostHigh]: readonly [number, number]): ShownPicture {
  const scale = Math.min(1, mostWide / image.width, mostHigh / image.height);
  const side = (pixels: number): number => Math.max(1, Math.round(pixels * scale));
  return { src: brandImagePath(image), width: side(image.width), height: side(image.height) };
}
