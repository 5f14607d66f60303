import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { identityFailure } from "../identity-failure.ts";
import { defaultArgon2, isWeaker, nobodysPhc, type Argon2, type Argon2Parameters } from "./argon2.ts";
import { createHashingLane, usualHashesAtOnce } from "./hashing-lane.ts";
import { normalPassword } from "./password-policy.ts";

/** Hashes and verifies passwords, so many at once and no more. */
export interface PasswordHashing {
  /** A PHC string. Throws HASHING_BUSY when too many wait. */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /**
   * Whether the password is that of the PHC string. Without a string the same work is done on one that nobody's password
   * has made, and the answer is no (security A23). Throws HASHING_BUSY when too many wait.
   */
  verify(phc: string | undefined, password: string, signal?: AbortSignal): Promise<boolean>;
  /** Whether a string should be made anew at the next chance. */
  isOutdated(phc: string): boolean;
}

/** How many hashes may wait: at some 10 ms each, nobody waits for a second. */
const mostWaiting = 64;
/** Seconds after which trying again makes sense. */
const comeBack = 2;

/**
 * Password hashing in a lane of its own, so that a storm of sign-ins leaves threads to the signing of tokens (security
 * A27). Work whose caller has gone is dropped.
 */
export function createPasswordHashing({
  argon2,
  parameters = defaultArgon2,
  atOnce = usualHashesAtOnce(),
}: {
  readonly argon2: Argon2;
  readonly parameters?: Argon2Parameters;
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
  const nobodys = nobodysPhc(parameters);
  return {
    hash: (password, signal) => lane.run(() => argon2.hash(normalPassword(password), parameters), signal),
    async verify(phc, password, signal) {
      const matches = await lane.run(() => argon2.verify(phc ?? nobodys, normalPassword(password)), signal);
      return phc !== undefined && matches;
    },
    isOutdated: (phc) => isWeaker(phc, parameters),
  };
}
