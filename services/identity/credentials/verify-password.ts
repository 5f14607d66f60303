import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
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
import { userPasswordChanged, userUpdated } from "../users/user-events.ts";

/** Looked up where there is no user, so that the reads are the same. No user has it. */
const nobody = "00000000000000000000000000";

/**
 * Verifies a password, and in the same breath that its user may sign in. A name that nobody has, a user without a password
 * and a disabled one cost the same reads and the same hash as a wrong password (security A23).
 */
export function verifyPassword(dependencies: IdentityDependencies) {
  const { store, hashing } = dependencies;
  return async (request: VerifyPasswordRequest, context: HandlerContext): Promise<VerifyPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const id = request.userId || nobody;
    const [user, password] = await Promise.all([data.get(users, id), data.get(passwords, id)]);
    const matches = await hashing.verify(password?.record.phc, request.password, call.signal);
    if (!matches || user === undefined || password === undefined || user.record.status !== UserStatus.ACTIVE) {
      return create(VerifyPasswordResponseSchema, { verified: false });
    }
    await noteSignIn(dependencies, call, user, password, request.password);
    return create(VerifyPasswordResponseSchema, {
      verified: true,
      passwordChangeRequired: user.record.passwordChangeRequired,
    });
  };
}

/** Upgrades a hash of weaker parameters, and notes an owner's first sign-in. Nothing of it may stop a sign-in. */
async function noteSignIn(
  { store, hashing, clock }: IdentityDependencies,
  call: Call,
  user: Stored<typeof UserSchema>,
  password: Stored<typeof PasswordSchema>,
  secret: string,
): Promise<void> {
  const data = store.tenant(call.tenantId);
  const { id } = user.record;
  const now = clock();
  try {
    if (hashing.isOutdated(password.record.phc)) {
      const phc = await hashing.hash(secret, call.signal);
      const record = create(PasswordSchema, { ...password.record, phc, setTime: timestampFromMs(now) });
      await data.commit(
        [replace(passwords, record, password.version)],
        [userPasswordChanged(call, now, id, user.version, false)],
      );
    }
    if (!user.record.signedInOnce) {
      await data.commit(
        [replace(users, create(UserSchema, { ...user.record, signedInOnce: true }), user.version)],
        [userUpdated(call, now, id, user.version + 1, ["signed_in_once"])],
      );
    }
  } catch (error) {
    if (!(error instanceof Conflict)) throw error; // changed by somebody else meanwhile: the next sign-in does it
  }
}
