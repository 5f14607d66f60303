import { randomFillSync, timingSafeEqual } from "node:crypto";

/** Random bytes that were drawn and not given out yet: drawing a few costs as much as drawing many. */
const drawn = Buffer.alloc(2_048);
let given = drawn.length;

/** A few random bytes from the system's generator, at most 2,048. Nobody else gets them, and no copy of them is kept. */
export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  if (size > drawn.length) throw new RangeError(`at most ${drawn.length} random bytes at once, not ${size}`);
  if (given + size > drawn.length) {
    randomFillSync(drawn);
    given = 0;
  }
  const own = Uint8Array.prototype.slice.call(drawn, given, given + size);
  drawn.fill(0, given, (given += size));
  return own;
}

/** A secret that a person or program presents: a prefix that says what it is, and random bytes in base64url. */
export function randomToken(prefix: string, bytes = 32): string {
  return prefix + Buffer.from(randomBytes(bytes).buffer).toString("base64url");
}

/** Decimal digits, each as likely as any other. */
export function randomDigits(count: number): string {
  let digits = "";
  while (digits.length < count) {
    // Of 256 values the last six would make some digits likelier.
    for (const byte of randomBytes(8)) if (byte < 250 && digits.length < count) digits += String(byte % 10);
  }
  return digits;
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const firstBeyond = 2 ** 48;
let random = new Uint8Array(16);
let latest = -1;

/**
 * A ULID of the moment `now` (ms since the epoch): 48 bits of time and 80 bits of randomness, in 26 characters of
 * Crockford's base 32. Within a process they ascend, also inside a millisecond and when the clock steps back: the random
 * part of the one before is then counted up by one. Throws a RangeError for a moment outside of 48 bits.
 */
export function ulid(now: number): string {
  if (!(now >= 0 && now < firstBeyond)) throw new RangeError(`a ULID's moment must be 0 to 2^48 − 1 ms, not ${now}`);
  const moment = Math.trunc(now);
  if (moment > latest) {
    latest = moment;
    // 16 characters of five bits each.
    random = randomBytes(16);
    for (let i = 0; i < 16; i++) random[i] = (random[i] ?? 0) & 31;
    // The first of the 80 bits stays clear: half of the room is there to count up.
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

/** Whether two texts are the same, in a time that depends on their lengths alone, not on where they differ. */
export function timingSafeEqualText(a: string, b: string): boolean {
  return timingSafeEqualBytes(Buffer.from(a), Buffer.from(b));
}
