import { createHash, randomBytes, randomFillSync, timingSafeEqual } from "node:crypto";

/** A secret that a person or program presents: a prefix that says what it is, and random bytes in base64url. */
export function randomToken(prefix: string, bytes = 32): string {
  return prefix + randomBytes(bytes).toString("base64url");
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const random = new Uint8Array(16);
let latest = -1;

/**
 * A ULID of the moment `now` (ms since the epoch): 48 bits of time and 80 random bits, in 26 characters of Crockford's
 * base 32. Within a process they ascend, also inside a millisecond and when the clock steps back: the random part of the
 * one before is then counted up by one.
 */
export function ulid(now: number): string {
  if (now > latest) {
    latest = now;
    // 16 characters of five bits each.
    randomFillSync(random);
    for (let i = 0; i < 16; i++) random[i] = (random[i] ?? 0) & 31;
    // Room to count up.
    random[0] = (random[0] ?? 0) & 15;
  } else {
    let at = 15;
    while (at >= 0 && random[at] === 31) random[at--] = 0;
    if (at < 0) throw new RangeError("too many ULIDs in one millisecond");
    random[at] = (random[at] ?? 0) + 1;
  }
  let time = "";
  for (let rest = latest, i = 0; i < 10; i++) {
    time = crockford.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let tail = "";
  for (const value of random) tail += crockford.charAt(value);
  return time + tail;
}

/** Whether two byte strings are the same, in a time that does not depend on where they differ. */
export function timingSafeEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether two texts are the same, in a time that depends on neither's content nor length. */
export function timingSafeEqualText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(a), digest(b));
}
