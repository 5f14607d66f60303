import type { Flow, FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { BrowserContext } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import type { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { authFailure } from "../auth-failure.ts";
import { flows } from "../collections.ts";
import type { ReadDevice } from "../devices/known-device.ts";
import { flowUses } from "./flow-secrets.ts";

/** Names a flow, and who goes on with it: its browser, or for one without a browser whoever has its id. */
export interface FlowReference {
  readonly flowId: string;
  readonly browser?: BrowserContext | undefined;
  /** What was read of the browser by the way. */
  readonly device?: ReadDevice;
  /** Whether this call has made the flow, so that nobody else can go on with it. */
  readonly isNew?: boolean;
}

/** Where a step of a flow comes from, for the limits on attempts. */
export const remoteAddressOf = (call: Pick<Call, "clientAddress">, { browser }: FlowReference): string =>
  browser === undefined ? call.clientAddress : browser.remoteAddress;

/** The flow of an id, if it is theirs and waits for this step. Throws FLOW_NOT_FOUND or STEP_NOT_EXPECTED. */
export async function openFlow(
  data: TenantStore,
  vault: TenantVault,
  reference: FlowReference,
  step: FlowStep,
): Promise<Stored<typeof FlowSchema>> {
  const stored = await findFlow(data, vault, reference);
  if (!stored.record.nextSteps.includes(step)) throw stepNotExpected();
  return stored;
}

/**
 * The flow of an id, if it is theirs. A browser's flow is no other's who learns its id, and one that was started outside of a
 * browser ends in no browser (security A2, A33). Throws FLOW_NOT_FOUND.
 */
export async function findFlow(
  data: TenantStore,
  vault: TenantVault,
  { flowId, browser }: FlowReference,
): Promise<Stored<typeof FlowSchema>> {
  const stored = await findBySecret(vault, flowUses.id, flowId, (hash) => data.get(flows, hash));
  const isTheirs = ({ browserHash, direct }: Flow): boolean =>
    browser === undefined
      ? direct
      : !direct && vault.verifyKeyedHash(flowUses.browser, browserHash, browser.browserToken);
  if (stored === undefined || !isTheirs(stored.record)) {
    throw authFailure(AuthErrorReason.FLOW_NOT_FOUND, "this sign-in has expired or was begun elsewhere; start again");
  }
  return stored;
}

/** The answer to a step that the flow does not wait for, or not any more. */
export const stepNotExpected = () =>
  authFailure(AuthErrorReason.STEP_NOT_EXPECTED, "this sign-in does not wait for that step; start again");
