import { create } from "@bufbuild/protobuf";
import {
  BrandingTextsSchema as StoredTextsSchema,
  type Branding as StoredBranding,
} from "#gen/koder/admin/store/v1/branding_pb.ts";
import type { Branding } from "#gen/koder/admin/v1/branding_pb.ts";
import { pageLanguages } from "../../host/page-languages.ts";
import { shownLineFault } from "../../host/shown-line.ts";
import { storedImage } from "./branding-image.ts";
import { brandingInvalid } from "./branding-invalid.ts";

/** What one path of the mask changes. Throws BRANDING_INVALID for one that this call cannot, or to what is none. */
export function brandingChange(path: string, asked: Branding): Partial<Record<keyof StoredBranding, unknown>> {
  switch (path) {
    case "display_name":
      return { displayName: plainText(path, asked.displayName) };
    case "logo":
      return { logo: storedImage(path, asked.logo) };
    case "logo_dark":
      return { logoDark: storedImage(path, asked.logoDark) };
    case "favicon":
      return { favicon: storedImage(path, asked.favicon) };
    // Their form is the contract's to check.
    case "primary_color":
      return { primaryColor: asked.primaryColor.toLowerCase() };
    case "primary_color_dark":
      return { primaryColorDark: asked.primaryColorDark.toLowerCase() };
    case "corner_radius":
      return { cornerRadius: asked.cornerRadius };
    case "color_scheme":
      return { colorScheme: asked.colorScheme };
    case "texts":
      return { texts: storedTexts(asked) };
    case "terms_uri":
      return { termsUri: httpsUri(path, asked.termsUri) };
    case "privacy_uri":
      return { privacyUri: httpsUri(path, asked.privacyUri) };
    case "support_uri":
      return { supportUri: httpsUri(path, asked.supportUri) };
    default:
      throw brandingInvalid(path, "cannot be changed by this call");
  }
}

function plainText(path: string, text: string): string {
  const fault = shownLineFault(text);
  if (fault !== undefined) throw brandingInvalid(path, fault);
  return text;
}

function storedTexts({ texts }: Branding) {
  const languages = new Set<string>();
  return texts.map(({ language, signInHeading, signInNote }, at) => {
    const path = `texts[${at}]`;
    if (!pageLanguages.some((one) => one === language)) {
      throw brandingInvalid(`${path}.language`, `must be one of ${pageLanguages.join(", ")}: pages speak no other`);
    }
    if (languages.has(language)) throw brandingInvalid(`${path}.language`, "is there twice");
    languages.add(language);
    return create(StoredTextsSchema, {
      language,
      signInHeading: plainText(`${path}.sign_in_heading`, signInHeading),
      signInNote: plainText(`${path}.sign_in_note`, signInNote),
    });
  });
}

/** An https URL that leads a browser to a host and nowhere else, as it is written. */
function httpsUri(path: string, uri: string): string {
  if (uri === "") return uri;
  const url = /^https:\/\/[\x21-\x7e]+$/.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "" || uri.includes("\\")) {
    throw brandingInvalid(path, "must be an https URL without credentials");
  }
  return uri;
}
