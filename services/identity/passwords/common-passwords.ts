import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ownFile } from "../../host/own-files.ts";

/** Where the list is, from the root of the repository. */
export const commonPasswordsFile = "services/identity/passwords/common-passwords.bin";

/** Bytes of a fingerprint: of 48 bits, so that among some 50,000 words none is taken for another. */
export const fingerprintLength = 6;

/** What the list has of a word: the list takes 300 KB so, where the words in memory would take megabytes. */
export const fingerprint = (word: string): Buffer => hash("sha256", word, "buffer").subarray(0, fingerprintLength);

/** The form of every word of the list. What is shorter is part of too many good passwords. */
export const listedForm = /^[!-~]{4,20}$/;

let read: Float64Array | undefined;

/** Whether a text in lower case is one of the passwords that people choose most. The list is read at the first question. */
export function isCommonPassword(text: string): boolean {
  if (!listedForm.test(text)) return false;
  const known = (read ??= numbers(readFileSync(ownFile("identity/passwords/common-passwords.bin"))));
  const wanted = fingerprint(text).readUIntBE(0, fingerprintLength);
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = known[middle] ?? 0;
    if (found === wanted) return true;
    if (found > wanted) high = middle;
    else low = middle + 1;
  }
  return false;
}

/** As numbers, which compare faster than bytes: a long password is looked up in hundreds of pieces. */
const numbers = (list: Buffer): Float64Array =>
  Float64Array.from({ length: list.length / fingerprintLength }, (_, index) =>
    list.readUIntBE(index * fingerprintLength, fingerprintLength),
  );
