import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetSignUpResponseSchema,
  type GetSignUpRequest,
  type GetSignUpResponse,
} from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { openSignUp } from "./open-sign-up.ts";

/** The address that a link was mailed to, for whoever has the link. */
export function getSignUp({ store, vault }: Pick<AuthDependencies, "store" | "vault">) {
  return async ({ token }: GetSignUpRequest, context: HandlerContext): Promise<GetSignUpResponse> => {
    const { tenantId } = callOf(context);
    const { record } = await openSignUp(store.tenant(tenantId), await vault.tenant(tenantId), token);
    return create(GetSignUpResponseSchema, { email: record.email });
  };
}
