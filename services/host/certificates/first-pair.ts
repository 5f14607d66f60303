import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { notYetGood, ranOut, type BrokenCertificate, type Pair, type PairFiles } from "./certificate-pair.ts";

/**
 * The pair that a port begins with. Throws a sentence that names its files where they cannot be used. One that has run out, at
 * `now` in milliseconds, or is not good yet is told of and shown all the same: there is no other.
 */
export function readFirstPair(
  { certFile, keyFile }: PairFiles,
  { onBroken, now }: { readonly onBroken: (broken: BrokenCertificate) => void; readonly now: number },
): Pair {
  try {
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext(pair);
    const certificate = new X509Certificate(pair.cert);
    const from = Date.parse(certificate.validFrom);
    const fault = now < from ? notYetGood(from) : ranOut(certificate, now);
    if (fault !== undefined) onBroken({ certFile, fault: `${fault}; there is no other, so that it is shown` });
    return pair;
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the certificate ${certFile} with the key ${keyFile} cannot be used: ${fault}`, { cause });
  }
}
