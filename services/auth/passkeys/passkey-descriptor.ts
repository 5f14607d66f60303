import type { PublicKeyCredentialDescriptorJSON } from "@simplewebauthn/server";
import type { Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";

/** How a browser finds a passkey. */
export const passkeyDescriptor = ({ credentialId, transports }: Passkey): PublicKeyCredentialDescriptorJSON => ({
  type: "public-key",
  id: Buffer.from(credentialId).toString("base64url"),
  ...(transports.length === 0 ? {} : { transports }),
});
