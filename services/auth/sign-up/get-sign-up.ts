import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetSignUpResponseSchema,
  type GetSignUpRequest,
  type GetSignUpResponse,
} from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkMayOpen } from "./check-sign-up-allowed.ts";
import { openSignUp } from "./open-sign-up.ts";

/** Whom a link was mailed to, for whoever has the link. */
export function getSignUp({ store, vault, policies }: Pick<AuthDependencies, "store" | "vault" | "policies">) {
  return async ({ token }: GetSignUpRequest, context: HandlerContext): Promise<GetSignUpResponse> => {
    const call = callOf(context);
    const { record } = await openSignUp(store.tenant(call.tenantId), await vault.tenant(call.tenantId), token);
    await checkMayOpen({ policies }, call, record);
    const { email, name } = record;
    const { termsVersion } = await policies.get(call);
    return create(GetSignUpResponseSchema, { email, name, termsVersion });
  };
}
