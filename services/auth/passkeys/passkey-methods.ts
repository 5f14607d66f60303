import type { Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";

/**
 * The methods of RFC 8176 that a sign-in by a passkey is made of: `hwk` for a key that stays in its device, `swk` for one that
 * may be copied to others, both by what the authenticator says of itself; `user`, because it asks for its user each time.
 */
export const passkeyMethods = ({ backupEligible }: Passkey): string[] => [backupEligible ? "swk" : "hwk", "user"];
