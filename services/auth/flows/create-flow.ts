import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import {
  CreateFlowResponseSchema,
  type CreateFlowRequest,
  type CreateFlowResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { accountKeyOf } from "../account-key.ts";
import { countFlow } from "../attempts.ts";
import { flows } from "../collections.ts";
import { flowLifetime, type AuthDependencies } from "../dependencies.ts";
import { isSecondFactorWanted } from "../policy/second-factor-need.ts";
import { flowStarted } from "./flow-events.ts";
import { flowMessage } from "./flow-message.ts";
import { browserHash, flowUses } from "./flow-secrets.ts";

/**
 * Starts a flow for a login name, bound to its browser. A name that nobody has gets a flow like any other (koder.md K5): its
 * attempts are counted under the name instead of a user.
 */
export function createFlow({ store, vault, peers, attempts, clock }: AuthDependencies) {
  return async (request: CreateFlowRequest, context: HandlerContext): Promise<CreateFlowResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    await countFlow(data, attempts, clock(), request.browser?.remoteAddress ?? "");
    const [{ userId }, tenantVault] = await Promise.all([
      peers.client(CredentialService).resolveLogin({ login: request.username }, forward(call)),
      vault.tenant(call.tenantId),
    ]);
    const now = clock();
    const id = randomToken("", 16);
    const record = create(FlowSchema, {
      idHash: tenantVault.keyedHash(flowUses.id, id),
      browserHash: browserHash(tenantVault, request.browser?.browserToken ?? ""),
      userId,
      accountKey: accountKeyOf(tenantVault, userId, request.username),
      state: FlowState.PENDING,
      nextSteps: [FlowStep.PASSWORD],
      clientId: request.clientId,
      secondFactorWanted: isSecondFactorWanted(request.acrValues),
      createTime: timestampFromMs(now),
      expireTime: timestampFromMs(now + flowLifetime),
    });
    await data.commit([insert(flows, record)], [flowStarted(call, now, record)]);
    return create(CreateFlowResponseSchema, { flow: flowMessage(id, record) });
  };
}
