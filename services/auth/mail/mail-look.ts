import type { Branding } from "#gen/koder/admin/v1/branding_pb.ts";
import { readHex, writeHex } from "../../host/colours/colour.ts";
import { onColour } from "../../host/colours/readable.ts";

/** How a tenant looks in its mails. No picture: a mail asks nobody for anything, and shows the same to everybody. */
export interface MailLook {
  /** What people know it as. */
  readonly name: string;
  /** The colour of its button, `#rrggbb`, and what can be read on it. */
  readonly accent: string;
  readonly onAccent: string;
  /** The radius of corners, in pixels. */
  readonly radius: number;
}

const usual = { accent: "#1b1d21", radius: 10 } as const;

/** How a tenant of this name looks by its branding; as usual where it has none, or none can be had. */
export function mailLook(name: string, branding: Branding | undefined): MailLook {
  const accent = readHex(branding?.primaryColor || usual.accent);
  return {
    name: branding?.displayName || name,
    accent: writeHex(accent),
    onAccent: writeHex(onColour(accent)),
    radius: branding?.cornerRadius ?? usual.radius,
  };
}
