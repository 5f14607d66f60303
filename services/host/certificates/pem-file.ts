import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** What a PEM file of a setting holds. Throws a sentence that names both where it cannot be read. */
export const readPem = (file: string, setting: string): string => told(file, setting, () => readFileSync(file, "utf8"));

/** The same of who vouches for others. One without a certificate is refused: by it nobody would be let in, and nobody told why. */
export const readAuthorities = (file: string, setting: string): string =>
  told(file, setting, () => {
    const pem = readFileSync(file, "utf8");
    void new X509Certificate(pem);
    return pem;
  });

function told(file: string, setting: string, read: () => string): string {
  try {
    return read();
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the file ${file} of ${setting} cannot be used: ${fault}`, { cause });
  }
}
