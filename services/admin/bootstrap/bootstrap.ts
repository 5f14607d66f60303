import { createHash, timingSafeEqual } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import {
  BootstrapResponseSchema,
  type BootstrapRequest,
  type BootstrapResponse,
} from "#gen/koder/admin/v1/system_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { presentedTokenKey } from "../../host/interceptors/access.ts";
import { adminFailure } from "../admin-failure.ts";
import { newApiKey } from "../api-keys/api-key.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { claimInstance } from "./claim-instance.ts";

/** Claims the instance by the bootstrap token of the configuration; without one configured, for nobody. */
export function bootstrap(dependencies: AdminDependencies) {
  return async (request: BootstrapRequest, context: HandlerContext): Promise<BootstrapResponse> => {
    const call = callOf(context);
    if (!isBootstrapToken(dependencies.bootstrapToken, context.values.get(presentedTokenKey))) {
      throw adminFailure(AdminErrorReason.BOOTSTRAP_TOKEN_INVALID, "the bootstrap token is missing or wrong");
    }
    const apiKey = newApiKey();
    const userId = await claimInstance(dependencies, call, {
      username: request.username || "admin",
      email: request.email,
      password: request.password,
      passwordChangeRequired: false,
      apiKey,
      afterSignIn: false,
    });
    return create(BootstrapResponseSchema, { userId, apiKey });
  };
}

/** Compared by digest, so that neither content nor length shows in the time. */
function isBootstrapToken(expected: string | undefined, presented: string | undefined): boolean {
  if (expected === undefined || presented === undefined) return false;
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(expected), digest(presented));
}
