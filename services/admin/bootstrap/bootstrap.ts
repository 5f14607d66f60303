import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import {
  BootstrapRequestSchema,
  BootstrapResponseSchema,
  SystemService,
  type BootstrapRequest,
  type BootstrapResponse,
} from "#gen/koder/admin/v1/system_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { presentedTokenKey } from "../../host/interceptors/access.ts";
import { timingSafeEqualText } from "../../vault/random.ts";
import { adminFailure } from "../admin-failure.ts";
import { newApiKey } from "../api-keys/api-key.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { claimInstance } from "./claim-instance.ts";

/**
 * Claims the instance by the bootstrap token of the configuration; without one configured, for nobody. The answer has the
 * only copy of the API key: a caller who lost it gets it again by the same request with the same id, and nobody else does.
 */
export function bootstrap(dependencies: AdminDependencies) {
  return async (request: BootstrapRequest, context: HandlerContext): Promise<BootstrapResponse> => {
    const call = callOf(context);
    if (!isBootstrapToken(dependencies.bootstrapToken, context.values.get(presentedTokenKey))) {
      throw adminFailure(AdminErrorReason.BOOTSTRAP_TOKEN_INVALID, "the bootstrap token is missing or wrong");
    }
    return dependencies.idempotency.run(
      { ...call, tenantId: dependencies.system.tenantId },
      {
        method: SystemService.method.bootstrap,
        requestId: request.requestId,
        request,
        requestSchema: BootstrapRequestSchema,
        responseSchema: BootstrapResponseSchema,
      },
      async (remember) => {
        const apiKey = newApiKey();
        const answer = (userId: string) => create(BootstrapResponseSchema, { userId, apiKey });
        const userId = await claimInstance(dependencies, call, {
          username: request.username || "admin",
          email: request.email,
          password: request.password,
          passwordChangeRequired: false,
          apiKey,
          afterSignIn: false,
          together: (owner) => remember(answer(owner)),
        });
        return answer(userId);
      },
    );
  };
}

const isBootstrapToken = (expected: string | undefined, presented: string | undefined): boolean =>
  expected !== undefined && presented !== undefined && timingSafeEqualText(expected, presented);
