import { constants, X509Certificate } from "node:crypto";
import { statSync, type Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";

/** A certificate chain and its key, PEM files. */
export interface PairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What every connection of ours is made by, whichever certificate it shows. */
export const secureOptions = { minVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/** What the files of a pair hold. */
export interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A pair that follows its files. */
export interface FollowedPair<Made> {
  /** What was made of it; undefined while there is none. */
  current(): Promise<Made | undefined>;
  /** Whether there were files when they were looked at last. */
  readonly isThere: () => boolean;
}

/** A pair that cannot be used. */
export interface BrokenCertificate {
  readonly certFile: string;
  /** Says nothing of what is in the key. */
  readonly fault: string;
}

interface Following<Made> {
  /** What the certificate must be for. */
  readonly name?: string;
  /** What was made of the files already, and stays in use when they are gone. */
  readonly first?: Made;
  /** When the certificate of that runs out, in milliseconds since the epoch. */
  readonly firstUntil?: number;
  /** Puts a pair to use. Throws where the key is not the certificate's. */
  readonly make: (pair: Pair) => Made;
  readonly onBroken: (broken: BrokenCertificate) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** For how long files are not looked at again, in milliseconds. */
const untouched = 2_000;

/**
 * Follows a pair of files: others that are written there are put to use, two seconds later at most. Files that cannot be used
 * leave what was in use in its place, and are told of once. So does a certificate that is not good yet, until it is, or the one before
 * has run out. Where both are gone, there is none.
 */
export function followPair<Made>(
  files: PairFiles,
  { name, first, firstUntil = Number.POSITIVE_INFINITY, make, onBroken, clock }: Following<Made>,
): FollowedPair<Made> {
  let made = first;
  /** Until when that is good. */
  let madeUntil = firstUntil;
  /** From when on that is good which is in the files, and is not in use before. */
  let waitsUntil: number | undefined;
  // What is in use already was read from the files a moment ago, whenever they are looked at next.
  let seen = first === undefined ? "" : [files.certFile, files.keyFile].map(stampNow).join("");
  let isThere = first !== undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const stamps = await Promise.all([stampOf(files.certFile), stampOf(files.keyFile)]);
    const [before, stamp] = [seen, stamps.join("")];
    seen = stamp;
    isThere = stamp !== "";
    if (!isThere) [made, waitsUntil] = [first, undefined];
    const now = clock();
    const isGood = made !== undefined && now <= madeUntil;
    const isDue = waitsUntil !== undefined && (now >= waitsUntil || !isGood);
    if (!isThere || (before === stamp && !isDue)) return;
    waitsUntil = undefined;
    try {
      const { pair, from, until } = await readPair(files, name, now);
      if (now < from && isGood) {
        createSecureContext(pair);
        waitsUntil = from;
        throw new Error(`${notYetGood(from)}; the one before is shown until then, or until it runs out`);
      }
      [made, madeUntil] = [make(pair), until];
    } catch (error) {
      onBroken({ certFile: files.certFile, fault: error instanceof Error ? error.message : String(error) });
    }
  }

  return {
    isThere: () => isThere,
    async current() {
      const now = clock();
      // Also where the clock was ahead when they were looked at, and was set right since.
      if (now - lookedAt >= untouched || now < lookedAt) {
        lookedAt = now;
        looking = look();
      }
      await looking;
      return made;
    },
  };
}

/**
 * Changes when the file does, or who may read it: the time of either, its length or place, which is another after a rename or behind a
 * link. Empty: no file.
 */
async function stampOf(file: string): Promise<string> {
  try {
    return stampIn(await stat(file));
  } catch {
    return "";
  }
}

/** The same, at once. */
function stampNow(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? "" : stampIn(stats);
}

const stampIn = ({ ctimeMs, size, ino }: Pick<Stats, "ctimeMs" | "size" | "ino">): string =>
  `${ctimeMs} ${size} ${ino};`;

/**
 * Reads a pair, and from when and until when its certificate is good. Throws where a file cannot be read, or the certificate is for
 * other names or has run out.
 */
async function readPair(
  { certFile, keyFile }: PairFiles,
  name: string | undefined,
  now: number,
): Promise<{ readonly pair: Pair; readonly from: number; readonly until: number }> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  const certificate = new X509Certificate(cert);
  if (name !== undefined && certificate.checkHost(name, { subject: "never" }) === undefined) {
    throw new Error(`the certificate is not for ${name}`);
  }
  const fault = ranOut(certificate, now);
  if (fault !== undefined) throw new Error(fault);
  return { pair: { cert, key }, from: Date.parse(certificate.validFrom), until: Date.parse(certificate.validTo) };
}

/** That a certificate is good only from a time on, in words. */
export const notYetGood = (from: number): string =>
  `the certificate is not good before ${new Date(from).toISOString()}`;

/** That a certificate has run out at `now`, in words; undefined while it has not. */
export const ranOut = ({ validTo }: X509Certificate, now: number): string | undefined =>
  Date.parse(validTo) < now ? `the certificate ran out on ${validTo}` : undefined;
