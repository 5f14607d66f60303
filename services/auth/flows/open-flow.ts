import type { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { BrowserContext } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import type { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { authFailure } from "../auth-failure.ts";
import { flows } from "../collections.ts";
import { flowUses } from "./flow-secrets.ts";

/** The flow of an id, if it is this browser's and waits for this step. Throws FLOW_NOT_FOUND or STEP_NOT_EXPECTED. */
export async function openFlow(
  data: TenantStore,
  vault: TenantVault,
  { flowId, browser }: { readonly flowId: string; readonly browser?: BrowserContext | undefined },
  step: FlowStep,
): Promise<Stored<typeof FlowSchema>> {
  for (const hash of vault.keyedHashes(flowUses.id, flowId)) {
    const stored = await data.get(flows, hash);
    if (stored === undefined) continue;
    if (!vault.verifyKeyedHash(flowUses.browser, stored.record.browserHash, browser?.browserToken ?? "")) break;
    if (!stored.record.nextSteps.includes(step)) throw stepNotExpected();
    return stored;
  }
  throw authFailure(AuthErrorReason.FLOW_NOT_FOUND, "this sign-in has expired or was begun elsewhere; start again");
}

/** The answer to a step that the flow does not wait for, or not any more. */
export const stepNotExpected = () =>
  authFailure(AuthErrorReason.STEP_NOT_EXPECTED, "this sign-in does not wait for that step; start again");
