import type { AndroidApp } from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";

/**
 * The origins that Android says of an app in what a passkey signs: `android:apk-key-hash:` and the SHA-256 of its certificate in
 * base64url, one for each certificate. The name of the app is no part of them, and whatever the app says of it is not looked at.
 */
export const androidOrigins = ({
  sha256CertFingerprints,
}: Pick<AndroidApp, "sha256CertFingerprints">): readonly string[] =>
  sha256CertFingerprints.map((fingerprint) => {
    const hash = Buffer.from(fingerprint.replaceAll(":", ""), "hex").toString("base64url");
    return `android:apk-key-hash:${hash}`;
  });
