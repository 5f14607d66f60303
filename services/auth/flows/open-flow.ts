import type { Flow, FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { BrowserContext } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import type { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
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
  const stored = await findBySecret(vault, flowUses.id, flowId, (hash) => data.get(flows, hash));
  const isOfBrowser = ({ browserHash }: Flow): boolean =>
    vault.verifyKeyedHash(flowUses.browser, browserHash, browser?.browserToken ?? "");
  if (stored === undefined || !isOfBrowser(stored.record)) {
    throw authFailure(AuthErrorReason.FLOW_NOT_FOUND, "this sign-in has expired or was begun elsewhere; start again");
  }
  if (!stored.record.nextSteps.includes(step)) throw stepNotExpected();
  return stored;
}

/** The answer to a step that the flow does not wait for, or not any more. */
export const stepNotExpected = () =>
  authFailure(AuthErrorReason.STEP_NOT_EXPECTED, "this sign-in does not wait for that step; start again");
