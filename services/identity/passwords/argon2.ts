import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";

/** Argon2id (RFC 9106) with PHC strings. Memory in KiB. */
export interface Argon2Parameters {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** OWASP's and our default; a tenant may ask for more. */
export const defaultArgon2: Argon2Parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The higher of each. */
export const strongest = (one: Argon2Parameters, other: Argon2Parameters): Argon2Parameters => ({
  memoryCost: Math.max(one.memoryCost, other.memoryCost),
  timeCost: Math.max(one.timeCost, other.timeCost),
  parallelism: Math.max(one.parallelism, other.parallelism),
});

/** An implementation of Argon2id. */
export interface Argon2 {
  readonly name: "@node-rs/argon2" | "argon2";
  hash(password: string, parameters: Argon2Parameters): Promise<string>;
  /** False for a wrong password; rejects for a string that is no PHC string of Argon2. */
  verify(phc: string, password: string): Promise<boolean>;
}

const require = createRequire(import.meta.url);

/** `@node-rs/argon2` where its binary loads, which takes half the time; `argon2` otherwise. Each reads the other's strings. */
export function loadArgon2(): Argon2 {
  try {
    return nodeRsArgon2();
  } catch {
    return boundArgon2();
  }
}

/** The implementation in Rust. Throws where there is no binary for the machine. */
export function nodeRsArgon2(): Argon2 {
  const native = require("@node-rs/argon2") as typeof import("@node-rs/argon2");
  return {
    name: "@node-rs/argon2",
    hash: (password, parameters) => native.hash(password, parameters), // Argon2id unless told otherwise
    verify: (phc, password) => native.verify(phc, password),
  };
}

/** The binding of the reference implementation. Throws where there is no binary for the machine. */
export function boundArgon2(): Argon2 {
  const bound = require("argon2") as typeof import("argon2");
  return {
    name: "argon2",
    hash: (password, parameters) => bound.hash(password, { ...parameters, type: bound.argon2id }),
    verify: (phc, password) => bound.verify(phc, password),
  };
}

/** Whether a PHC string was made with weaker parameters than these. The implementations order the parameters differently. */
export function isWeaker(phc: string, { memoryCost, timeCost, parallelism }: Argon2Parameters): boolean {
  const written = /^\$argon2id\$v=19\$([a-z0-9=,]+)\$/.exec(phc)?.[1];
  if (written === undefined) return true;
  const value = Object.fromEntries(written.split(",").map((part) => part.split("="))) as Record<string, string>;
  const atLeast = (name: string, least: number) => Number(value[name] ?? 0) >= least;
  return !(atLeast("m", memoryCost) && atLeast("t", timeCost) && atLeast("p", parallelism));
}

/** A PHC string of these parameters that no password has made: verifying against it costs what any other does. */
export function nobodysPhc({ memoryCost, timeCost, parallelism }: Argon2Parameters): string {
  const unpadded = (length: number) => randomBytes(length).toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${unpadded(16)}$${unpadded(32)}`;
}
