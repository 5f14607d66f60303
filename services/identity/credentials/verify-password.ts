import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import {
  VerifyPasswordResponseSchema,
  type VerifyPasswordRequest,
  type VerifyPasswordResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { nobody } from "./nobody.ts";
import { userUpdated } from "../users/user-events.ts";

/**
 * Verifies a password, and in the same breath that its user may sign in. A name that nobody has, a user without a password
 * and a disabled one cost the same reads and the same hash as a wrong password (security A23).
 */
export function verifyPassword(dependencies: IdentityDependencies) {
  const { store, hashing, passwordPolicies } = dependencies;
  return async (request: VerifyPasswordRequest, context: HandlerContext): Promise<VerifyPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const id = request.userId || nobody;
    const [user, password, { argon2 }] = await Promise.all([
      data.get(users, id),
      data.get(passwords, id),
      passwordPolicies.get(call.tenantId),
    ]);
    const matches = await hashing.verify(password?.record, request.password, call.signal, argon2);
    if (!matches || user === undefined || password === undefined || user.record.status !== UserStatus.ACTIVE) {
      return create(VerifyPasswordResponseSchema, { verified: false });
    }
    await noteSignIn(dependencies, call, user, password, request.password);
    return create(VerifyPasswordResponseSchema, {
      verified: true,
      passwordChangeRequired: user.record.passwordChangeRequired,
      secondFactorNeeded: password.record.needsSecondFactor,
    });
  };
}

/**
 * Notes a first sign-in, and upgrades a hash of weaker parameters or of another system, in one commit with the user's record, so that it is lost
 * to whatever else changes the user meanwhile. The next sign-in does what this one could not: that never stops a sign-in.
 */
async function noteSignIn(
  { store, hashing, passwordPolicies, clock }: IdentityDependencies,
  call: Call,
  user: Stored<typeof UserSchema>,
  password: Stored<typeof PasswordSchema>,
  secret: string,
): Promise<void> {
  const { argon2 } = await passwordPolicies.get(call.tenantId);
  const isOutdated = hashing.isOutdated(password.record, secret, argon2);
  if (user.record.signedInOnce && !isOutdated) return;
  try {
    const writes = [replace(users, create(UserSchema, { ...user.record, signedInOnce: true }), user.version)];
    if (isOutdated) {
      const hash = await hashing.hash(secret, call.signal, argon2);
      writes.push(replace(passwords, create(PasswordSchema, { ...password.record, ...hash }), password.version));
    }
    // No field that anybody sees has changed.
    const event = userUpdated(call, clock(), user.record.id, user.version + 1, []);
    await store.tenant(call.tenantId).commit(writes, [event]);
  } catch (error) {
    const isHashingBusy = error instanceof ConnectError && error.code === Code.ResourceExhausted;
    if (!(error instanceof Conflict) && !isHashingBusy) throw error;
  }
}
