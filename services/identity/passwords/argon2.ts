import { createRequire } from "node:module";

/** Argon2id (RFC 9106) with PHC strings. Memory in KiB. */
export interface Argon2Parameters {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** OWASP's and our default; a tenant may ask for more. */
export const defaultArgon2: Argon2Parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** An implementation of Argon2id. */
export interface Argon2 {
  readonly name: "@node-rs/argon2" | "argon2";
  hash(password: string, parameters: Argon2Parameters): Promise<string>;
  /** False for a wrong password; rejects for a string that is no PHC string of Argon2. */
  verify(phc: string, password: string): Promise<boolean>;
}

const require = createRequire(import.meta.url);

/** `@node-rs/argon2` where its binary loads, which is the faster; `argon2` otherwise. Their strings are the same. */
export function loadArgon2(): Argon2 {
  try {
    const native = require("@node-rs/argon2") as typeof import("@node-rs/argon2");
    const argon2id = 2; // Algorithm.Argon2id: a const enum, which type stripping cannot read
    return {
      name: "@node-rs/argon2",
      hash: (password, parameters) => native.hash(password, { ...parameters, algorithm: argon2id }),
      verify: (phc, password) => native.verify(phc, password),
    };
  } catch {
    const bound = require("argon2") as typeof import("argon2");
    return {
      name: "argon2",
      hash: (password, parameters) => bound.hash(password, { ...parameters, type: bound.argon2id }),
      verify: (phc, password) => bound.verify(phc, password),
    };
  }
}

/** Whether a PHC string was made with weaker parameters than these. */
export function isWeaker(phc: string, { memoryCost, timeCost, parallelism }: Argon2Parameters): boolean {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(phc);
  if (match === null) return true;
  const [, memory, time, lanes] = match.map(Number);
  return (memory ?? 0) < memoryCost || (time ?? 0) < timeCost || (lanes ?? 0) < parallelism;
}
