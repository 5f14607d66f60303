import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FlowSchema, type Flow as StoredFlow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { BrowserContext } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowState, FlowStep, type Flow } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { accountKeyOf, nameKeyOf } from "../account-key.ts";
import { countFlow } from "../attempts.ts";
import { flows } from "../collections.ts";
import { flowLifetime, type AuthDependencies } from "../dependencies.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { isSecondFactorWanted } from "../policy/second-factor-need.ts";
import { flowStarted } from "./flow-events.ts";
import { flowMessage } from "./flow-message.ts";
import { browserHash, flowUses } from "./flow-secrets.ts";

/** A flow to be. */
export interface FlowToBe {
  /** What the person typed; empty for whoever shows a passkey. */
  readonly username: string;
  /** Absent for one that its client drives. */
  readonly browser?: BrowserContext | undefined;
  readonly clientId: string;
  readonly acrValues: readonly string[];
}

/** A flow that is kept nowhere yet, and its id. */
export interface NewFlow {
  readonly id: string;
  readonly record: StoredFlow;
}

/**
 * A flow for a login name, bound to its browser, or to its client where there is none. A name that nobody has gets a flow like any
 * other: what its attempts must wait for is counted under the name, whoever has it. Without any name, whoever shows a
 * passkey may go on with it.
 */
export async function newFlow(dependencies: AuthDependencies, call: Call, request: FlowToBe): Promise<NewFlow> {
  const { vault, peers, clock } = dependencies;
  const isNameless = request.username === "";
  const { clientId } = request;
  const [{ userId, loginKey }, tenantVault, { firstFactors }] = await Promise.all([
    isNameless
      ? { userId: "", loginKey: "" }
      : peers.client(CredentialService).resolveLogin({ login: request.username }, forward(call)),
    vault.tenant(call.tenantId),
    // As they are before anybody is known.
    rulesOfSignIn(dependencies, call, { userId: "", clientId }),
  ]);
  const now = clock();
  const id = randomToken("", 16);
  const record = create(FlowSchema, {
    idHash: tenantVault.keyedHash(flowUses.id, id),
    browserHash: request.browser === undefined ? "" : browserHash(tenantVault, request.browser.browserToken),
    direct: request.browser === undefined,
    userId,
    accountKey: isNameless ? "" : accountKeyOf(tenantVault, userId, loginKey),
    nameKey: isNameless ? "" : nameKeyOf(tenantVault, loginKey),
    state: FlowState.PENDING,
    nextSteps: [
      ...(!isNameless && firstFactors.has(SignInFactor.PASSWORD) ? [FlowStep.PASSWORD] : []),
      ...(firstFactors.has(SignInFactor.PASSKEY) ? [FlowStep.PASSKEY] : []),
    ],
    passkeyChallenge: randomToken(""),
    clientId,
    secondFactorWanted: isSecondFactorWanted(request.acrValues),
    createTime: timestampFromMs(now),
    expireTime: timestampFromMs(now + flowLifetime),
  });
  return { id, record };
}

/** Begins a flow that its client drives, and keeps it until its first step. */
export async function beginFlow(
  dependencies: AuthDependencies,
  call: Call,
  request: Omit<FlowToBe, "browser">,
): Promise<Flow> {
  const { store, attempts, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  await countFlow(data, attempts, clock(), call.clientAddress);
  const { id, record } = await newFlow(dependencies, call, request);
  await data.commit([insert(flows, record)], [flowStarted(call, clock(), record)]);
  return flowMessage(id, record);
}
