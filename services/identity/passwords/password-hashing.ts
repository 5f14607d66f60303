import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { Pepper } from "../../vault/pepper.ts";
import { identityFailure } from "../identity-failure.ts";
import { defaultArgon2, isWeaker, nobodysPhc, strongest, type Argon2, type Argon2Parameters } from "./argon2.ts";
import { readHash } from "./hash-formats.ts";
import { createHashingLane, usualHashesAtOnce } from "./hashing-lane.ts";
import { normalPassword } from "./password-fault.ts";

/** What is kept of a password. */
export interface PasswordHash {
  /** Argon2id in PHC form, or what another system made. */
  readonly phc: string;
  /** The pepper's key that was mixed in; empty for none. */
  readonly pepperId: string;
}

/** Hashes and verifies passwords, so many at once and no more. */
export interface PasswordHashing {
  /** By the parameters of the tenant, or ours where they are stronger. Throws HASHING_BUSY when too many wait. */
  hash(password: string, signal?: AbortSignal, ofTenant?: Argon2Parameters): Promise<PasswordHash>;
  /**
   * Whether the password is that of the hash. Without a hash the same work is done on one that nobody's password has made,
   * and the answer is no (security A23). Throws HASHING_BUSY when too many wait.
   */
  verify(
    stored: PasswordHash | undefined,
    password: string,
    signal?: AbortSignal,
    ofTenant?: Argon2Parameters,
  ): Promise<boolean>;
  /** Whether the hash of this password, which was right, should be made anew: it is weaker than those of now, or not of the newest pepper. */
  isOutdated(stored: PasswordHash, password: string, ofTenant?: Argon2Parameters): boolean;
}

/** How many hashes may wait: at some 10 ms each, nobody waits for a second. */
const mostWaiting = 64;
/** Seconds after which trying again makes sense. */
const comeBack = 2;

/**
 * Password hashing in a lane of its own, so that a storm of sign-ins leaves threads to the signing of tokens (security
 * A27). Work whose caller has gone is dropped. Hashes of other systems are verified as they are, at their own cost: until
 * the first right password, by its time, such an account can be told from others.
 */
export function createPasswordHashing({
  argon2,
  parameters = defaultArgon2,
  pepper,
  atOnce = usualHashesAtOnce(),
}: {
  readonly argon2: Argon2;
  readonly parameters?: Argon2Parameters;
  readonly pepper?: Pepper | undefined;
  readonly atOnce?: number;
}): PasswordHashing {
  const lane = createHashingLane({
    atOnce,
    mostWaiting,
    full: () =>
      identityFailure(IdentityErrorReason.HASHING_BUSY, "too many sign-ins at this moment; try again shortly", {
        retryAfter: comeBack,
      }),
  });
  const newest = pepper?.newest ?? "";
  /** What hashes are made by for a tenant. */
  const parametersFor = (ofTenant: Argon2Parameters | undefined): Argon2Parameters =>
    ofTenant === undefined ? parameters : strongest(parameters, ofTenant);

  /** What is hashed in place of the password. */
  function mixed(password: string, pepperId: string): string {
    const normal = normalPassword(password);
    if (pepperId === "") return normal;
    if (pepper === undefined) throw new Error("a password's hash was made with a pepper, and there is none");
    return pepper.mix(pepperId, normal);
  }

  return {
    async hash(password, signal, ofTenant) {
      const phc = await lane.run(() => argon2.hash(mixed(password, newest), parametersFor(ofTenant)), signal);
      return { phc, pepperId: newest };
    },
    async verify(stored, password, signal, ofTenant) {
      const { phc, pepperId } = stored ?? { phc: nobodysPhc(parametersFor(ofTenant)), pepperId: newest };
      const hash = readHash(phc);
      if (hash === undefined) throw new Error("a password's hash has a form that this version does not know");
      const matches = await lane.run(() => hash.verify(mixed(password, pepperId), argon2), signal);
      return stored !== undefined && matches;
    },
    isOutdated({ phc, pepperId }, password, ofTenant) {
      if (pepperId === newest && !isWeaker(phc, parametersFor(ofTenant))) return false;
      // Where the hash says nothing of the end, this may be a mistyped one, which is not the person's password.
      return Buffer.byteLength(normalPassword(password)) <= (readHash(phc)?.reads ?? Number.POSITIVE_INFINITY);
    },
  };
}
