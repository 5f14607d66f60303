import { expect, test } from "vitest";
import { androidOrigins } from "./android-origins.ts";

const bytes = (byteAt: (at: number) => number): string =>
  Array.from({ length: 32 }, (_none, at) => byteAt(at).toString(16).padStart(2, "0").toUpperCase()).join(":");

test("an app's origin is the hash of its certificate in base64url, one for each", () => {
  const sha256CertFingerprints = [bytes((at) => at), bytes(() => 0xff), bytes(() => 0)];
  expect(androidOrigins({ sha256CertFingerprints })).toEqual([
    "android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    `android:apk-key-hash:${"_".repeat(42)}8`,
    `android:apk-key-hash:${"A".repeat(43)}`,
  ]);
});
