import { typedCode } from "../typed-code.ts";

/** How the code of an authenticator app is made: what every app knows (RFC 6238 §4; six digits, SHA-1). */
const period = 30;

/** The library, read with the first factor: who has none does without. */
const library = () => import("otplib");

/** A new secret, in base 32: 160 bits (RFC 4226 §4, R6). */
export async function newTotpSecret(): Promise<string> {
  const { generateSecret } = await library();
  return generateSecret({ length: 20 });
}

/** What an authenticator app reads, in the format that all of them know (otpauth URI). */
export async function totpUri(secret: string, { issuer, label }: { readonly issuer: string; readonly label: string }) {
  const { generateURI } = await library();
  return generateURI({ secret, issuer, label, period });
}

/**
 * The step of time whose code this is, of the present one and its neighbours (RFC 6238 §5.2), if it is behind `lastStep`;
 * undefined for every other code. `now` in milliseconds.
 */
export async function acceptedStep(
  secret: string,
  typed: string,
  now: number,
  lastStep: number,
): Promise<number | undefined> {
  const token = typedCode(typed);
  if (!/^\d{6}$/.test(token)) return undefined;
  const { verifySync } = await library();
  const epoch = Math.floor(now / 1_000);
  const result = verifySync({ strategy: "totp", secret, token, epoch, period, epochTolerance: period });
  if (!result.valid) return undefined;
  const step = Math.floor(epoch / period) + result.delta;
  return step > lastStep ? step : undefined;
}
