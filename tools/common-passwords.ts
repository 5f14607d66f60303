import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  commonPasswordsFile,
  fingerprint,
  fingerprintLength,
  listedForm,
} from "../services/identity/passwords/common-passwords.ts";
import { repositoryRoot } from "./run-program.ts";

const { dictionary } = createRequire(import.meta.url)(
  "@zxcvbn-ts/language-common",
) as typeof import("@zxcvbn-ts/language-common");

/**
 * The fingerprints of the passwords that people choose most, from the list of `@zxcvbn-ts/language-common`, sorted and
 * without anything between them.
 */
export function commonPasswords(): Buffer {
  const words = dictionary["passwords-common"].filter((word) => listedForm.test(word));
  const fingerprints = words.map((word) => fingerprint(word.toLowerCase()));
  const sorted = fingerprints.toSorted((a, b) => a.compare(b));
  return Buffer.concat(sorted, sorted.length * fingerprintLength);
}

if (import.meta.main) writeFileSync(join(repositoryRoot, commonPasswordsFile), commonPasswords());
