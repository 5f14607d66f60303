import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { EnrolmentSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  BeginPasskeyRegistrationResponseSchema,
  type BeginPasskeyRegistrationRequest,
  type BeginPasskeyRegistrationResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { insert } from "../../store/writes.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { enrolments } from "../collections.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { offeredPasskey } from "../passkeys/offered-passkey.ts";
import { checkFactorAllowed } from "./check-factor-allowed.ts";
import { checkFactorLimit } from "./factor-limit.ts";
import { factorName } from "./factor-name.ts";
import { factorsOfUser } from "./factors-of-user.ts";

/** Begins to add a passkey. Its challenge waits under the id that the factor will have, and is used up by finishing. */
export function beginPasskeyRegistration(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "tenants" | "policies" | "clock">,
) {
  const { store, clock } = dependencies;
  return async (
    request: BeginPasskeyRegistrationRequest,
    context: HandlerContext,
  ): Promise<BeginPasskeyRegistrationResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const displayName = factorName(request.displayName, "display_name");
    const factors = await factorsOfUser(data, userId);
    await checkFactorAllowed(dependencies, call, userId, SignInFactor.PASSKEY);
    checkFactorLimit(factors);
    const now = clock();
    const enrolment = create(EnrolmentSchema, {
      id: ulid(now),
      userId,
      displayName,
      challenge: randomToken(""),
      expireTime: timestampFromMs(now + enrolmentLifetime),
    });
    const optionsJson = await offeredPasskey(dependencies, call, enrolment, factors);
    await data.commit([insert(enrolments, enrolment)], []);
    return create(BeginPasskeyRegistrationResponseSchema, { factorId: enrolment.id, optionsJson });
  };
}
