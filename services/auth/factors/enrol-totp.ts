import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { EnrolmentSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  EnrolTotpResponseSchema,
  type EnrolTotpRequest,
  type EnrolTotpResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { enrolments } from "../collections.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { checkFactorAllowed } from "./check-factor-allowed.ts";
import { checkFactorLimit } from "./factor-limit.ts";
import { factorName } from "./factor-name.ts";
import { factorsOfUser } from "./factors-of-user.ts";
import { offeredTotp } from "./offered-totp.ts";
import { newTotpSecret } from "./totp.ts";
import { sealSecret } from "./totp-secret.ts";
import { userOf } from "../../host/user-of.ts";

/** Begins to add an authenticator app. Its secret waits under the id that the factor will have, and is nothing until then. */
export function enrolTotp(
  dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "tenants" | "policies" | "clock">,
) {
  const { store, vault, clock } = dependencies;
  return async (request: EnrolTotpRequest, context: HandlerContext): Promise<EnrolTotpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const displayName = factorName(request.displayName, "display_name");
    await checkFactorAllowed(dependencies, call, userId, SignInFactor.TOTP);
    checkFactorLimit(await factorsOfUser(data, userId));
    const now = clock();
    const id = ulid(now);
    const secret = await newTotpSecret();
    const enrolment = create(EnrolmentSchema, {
      id,
      userId,
      displayName,
      sealedSecret: sealSecret(await vault.tenant(call.tenantId), "enrolment", id, secret),
      expireTime: timestampFromMs(now + enrolmentLifetime),
    });
    await data.commit([insert(enrolments, enrolment)], []);
    return create(EnrolTotpResponseSchema, {
      factorId: id,
      ...(await offeredTotp(dependencies, call, userId, secret)),
    });
  };
}
