import { availableParallelism } from "node:os";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { identityFailure } from "../identity-failure.ts";
import { defaultArgon2, isWeaker, type Argon2, type Argon2Parameters } from "./argon2.ts";
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

/** How many hashes may wait: beyond it a person waits longer than they would for trying again. */
const mostWaiting = 64;
/** Seconds after which trying again makes sense. */
const comeBack = 2;

/**
 * Password hashing in a lane of its own: at most one less than the machine has cores at once, a bounded queue, and nothing
 * more, so that a storm of sign-ins leaves a core to everybody else (security A27). Work whose caller has gone is dropped.
 */
export function createPasswordHashing({
  argon2,
  parameters = defaultArgon2,
  concurrency = Math.max(1, availableParallelism() - 1),
}: {
  readonly argon2: Argon2;
  readonly parameters?: Argon2Parameters;
  readonly concurrency?: number;
}): PasswordHashing {
  let running = 0;
  const waiting: (() => void)[] = [];
  let dummy: Promise<string> | undefined;

  async function inLane<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
    if (running >= concurrency) {
      if (waiting.length >= mostWaiting) {
        throw identityFailure(IdentityErrorReason.HASHING_BUSY, "too many sign-ins at this moment; try again shortly", {
          retryAfter: comeBack,
        });
      }
      // Whoever finishes hands its place on, so `running` stays.
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    hash: (password, signal) => inLane(signal, () => argon2.hash(normalPassword(password), parameters)),
    async verify(phc, password, signal) {
      // Made once, of the same parameters as everybody's.
      dummy ??= inLane(undefined, () => argon2.hash("nobody's password", parameters));
      const against = phc ?? (await dummy);
      const matches = await inLane(signal, () => argon2.verify(against, normalPassword(password)));
      return phc !== undefined && matches;
    },
    isOutdated: (phc) => isWeaker(phc, parameters),
  };
}
