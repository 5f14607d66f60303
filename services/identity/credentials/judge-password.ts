import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  JudgePasswordResponseSchema,
  type JudgePasswordRequest,
  type JudgePasswordResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { rulesFor } from "../passwords/check-by-policy.ts";
import { lengthOf, normalPassword, passwordFault, passwordStrength } from "../passwords/password-fault.ts";

/** Judges a password that somebody is about to choose, by the functions that will allow it or not. */
export function judgePassword(dependencies: Pick<IdentityDependencies, "store" | "tenants" | "peers">) {
  return async (request: JudgePasswordRequest, context: HandlerContext): Promise<JudgePasswordResponse> => {
    const call = callOf(context);
    const { userId, email, name } = request;
    const user = userId === "" ? undefined : await dependencies.store.tenant(call.tenantId).get(users, userId);
    const password = normalPassword(request.password);
    const owner = user?.record ?? { username: "", email, name };
    const { rules } = await rulesFor(dependencies, call, { password, owner, userId });
    const fault = passwordFault(password, rules);
    return create(JudgePasswordResponseSchema, {
      rule: fault?.rule ?? "",
      strength: fault === undefined ? passwordStrength(password, rules) : 0,
      minLength: rules.shortest,
      maxLength: rules.longest,
      length: lengthOf(password),
    });
  };
}
