import { createRequire } from "node:module";
import { pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { timingSafeEqualBytes } from "../../vault/random.ts";
import type { Argon2 } from "./argon2.ts";

/** A hash that another system made of a password, in a form that we can verify. */
export interface ForeignHash {
  /** How many bytes of a password the algorithm reads; what is behind them changes nothing. */
  readonly reads?: number;
  verify(password: string, argon2: Argon2): Promise<boolean>;
}

/**
 * Reads a hash of a password: Argon2 and scrypt in PHC form, bcrypt, PBKDF2 in PHC form, as passlib writes it and as Django
 * does. Undefined for any other text, and for parameters whose verification would take seconds or no work at all.
 */
export function readHash(text: string): ForeignHash | undefined {
  for (const format of [argon2Format, bcryptFormat, scryptFormat, pbkdf2Format, djangoFormat]) {
    const read = format(text);
    if (read !== undefined) return read;
  }
  return undefined;
}

/** Work that one sign-in may cost: at most about a second. */
const bounds = {
  argon2: { memory: 262_144, time: 20, lanes: 16 },
  bcrypt: { least: 4, most: 14 },
  scrypt: { logCost: 20, memory: 268_435_456 },
  pbkdf2: { least: 1_000, most: 4_000_000 },
} as const;

function argon2Format(text: string): ForeignHash | undefined {
  const match =
    /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{21,172}$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [memory, time, lanes] = match.slice(1).map(Number) as [number, number, number];
  const { argon2: most } = bounds;
  if (memory < 8 * lanes || memory > most.memory || time < 1 || time > most.time || lanes < 1 || lanes > most.lanes) {
    return undefined;
  }
  return { verify: (password, argon2) => argon2.verify(text, password) };
}

function bcryptFormat(text: string): ForeignHash | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
  const cost = Number(match?.[1]);
  if (match === null || cost < bounds.bcrypt.least || cost > bounds.bcrypt.most) return undefined;
  // `2y` is how PHP names what others call `2b`.
  const known = text.replace(/^\$2y/, "$2b");
  return { reads: 72, verify: (password) => bcrypt().compare(password, known) };
}

let loaded: typeof import("bcrypt") | undefined;
/** Loaded with the first hash of its kind: most instances never see one. */
const bcrypt = (): typeof import("bcrypt") =>
  (loaded ??= createRequire(import.meta.url)("bcrypt") as typeof import("bcrypt"));

const scryptKey = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

function scryptFormat(text: string): ForeignHash | undefined {
  const match =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,172})\$([A-Za-z0-9+/]{22,172})$/.exec(text);
  if (match === null) return undefined;
  const [logCost, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  const memory = 128 * 2 ** logCost * r;
  const isBounded = logCost >= 10 && logCost <= bounds.scrypt.logCost && memory * p <= bounds.scrypt.memory;
  if (!isBounded || r < 1 || p < 1) return undefined;
  const [salt, expected] = [decoded(match[4]), decoded(match[5])];
  const options = { N: 2 ** logCost, r, p, maxmem: 2 * memory + 128 * r * p };
  return {
    verify: async (password) =>
      timingSafeEqualBytes(await scryptKey(password, salt, expected.length, options), expected),
  };
}

const pbkdf2Key = promisify(pbkdf2);

function pbkdf2Format(text: string): ForeignHash | undefined {
  const match =
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{4,7})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{6,172})\$([A-Za-z0-9+/.]{22,172})$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, digest = "sha1", rounds, salt, hash] = match;
  return pbkdf2Hash(digest, Number(rounds), decoded(salt), decoded(hash));
}

function djangoFormat(text: string): ForeignHash | undefined {
  const match = /^pbkdf2_(sha1|sha256)\$(\d{4,7})\$([A-Za-z0-9]{6,128})\$([A-Za-z0-9+/]{22,172}={0,2})$/.exec(text);
  if (match === null) return undefined;
  const [, digest = "", rounds, salt = "", hash] = match;
  return pbkdf2Hash(digest, Number(rounds), Buffer.from(salt), decoded(hash));
}

function pbkdf2Hash(digest: string, rounds: number, salt: Buffer, expected: Buffer): ForeignHash | undefined {
  if (rounds < bounds.pbkdf2.least || rounds > bounds.pbkdf2.most) return undefined;
  return {
    verify: async (password) =>
      timingSafeEqualBytes(await pbkdf2Key(password, salt, rounds, expected.length, digest), expected),
  };
}

/** Base 64 without padding; passlib writes `.` for `+`. */
const decoded = (text = ""): Buffer => Buffer.from(text.replaceAll(".", "+"), "base64");
