import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { passkeyUserName } from "../passkeys/offered-passkey.ts";
import { passkeysAmong } from "../passkeys/passkeys-among.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { firstFactorOptions, requestOptions } from "../passkeys/request-options.ts";
import { openFlow, type FlowReference } from "./open-flow.ts";

/** What a passkey is asked by, and what the person's passkeys know them by, and call them: empty until a first factor was right. */
export interface PasskeyOffer {
  readonly optionsJson: string;
  readonly userHandle: string;
  readonly userName: string;
}

const nobody = { userHandle: "", userName: "" } as const;

/**
 * What a passkey is asked by within a flow, as JSON: in the place of the password, the same for everybody; or as the second
 * factor, of which the person's own are named then (security A23).
 */
export async function passkeyOffer(
  dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "tenants" | "policies">,
  call: Call,
  reference: FlowReference,
): Promise<PasskeyOffer> {
  const { store, vault } = dependencies;
  const [relyingParty, tenantVault] = await Promise.all([
    relyingPartyOf(dependencies, call, "own"),
    vault.tenant(call.tenantId),
  ]);
  const data = store.tenant(call.tenantId);
  const { record: flow } = await openFlow(data, tenantVault, reference, FlowStep.PASSKEY);
  const challenge = flow.passkeyChallenge;
  if (flow.state === FlowState.PENDING) return { optionsJson: firstFactorOptions(relyingParty, challenge), ...nobody };
  const passkeys = passkeysAmong(await factorsOfUser(data, flow.userId)).map(({ passkey }) => passkey);
  const theirs = passkeys.filter(({ rpId }) => rpId === relyingParty.id);
  const { userVerification } = relyingParty;
  return {
    optionsJson: requestOptions({ relyingParty, challenge, passkeys: theirs, userVerification }),
    userHandle: Buffer.from(flow.userId).toString("base64url"),
    userName: await passkeyUserName(dependencies, call, flow.userId),
  };
}
