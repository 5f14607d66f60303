import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { EnrolmentSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import {
  OfferTotpResponseSchema,
  type OfferTotpRequest,
  type OfferTotpResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { enrolments } from "../collections.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { offeredTotp } from "../factors/offered-totp.ts";
import { newTotpSecret } from "../factors/totp.ts";
import { openSecret, sealSecret } from "../factors/totp-secret.ts";
import { openFlow, stepNotExpected, type FlowReference } from "./open-flow.ts";

/**
 * Answers the secret of an authenticator app that the person must add to go on. It is the same for as long as the flow lives:
 * a page that is shown again, after a code that was mistyped, must not ask for another app.
 */
export async function totpOfFlow(dependencies: AuthDependencies, call: Call, reference: FlowReference) {
  const { store, vault } = dependencies;
  const data = store.tenant(call.tenantId);
  const { record: flow } = await openFlow(data, await vault.tenant(call.tenantId), reference, FlowStep.ENROL_TOTP);
  const secret = (await secretOfFlow(dependencies, call, flow)) ?? (await newSecret(dependencies, call, flow));
  return offeredTotp(dependencies, call, flow.userId, secret);
}

/** The same in a browser's flow. */
export function offerTotp(dependencies: AuthDependencies) {
  return async (request: OfferTotpRequest, context: HandlerContext): Promise<OfferTotpResponse> =>
    create(OfferTotpResponseSchema, await totpOfFlow(dependencies, callOf(context), request));
}

/** The id of the enrolment within a flow: no id of any other. */
const enrolmentOfFlow = ({ idHash }: Flow): string => `flow/${idHash}`;

/** The secret that was offered within a flow; undefined where none was. */
export async function secretOfFlow(
  { store, vault }: Pick<AuthDependencies, "store" | "vault">,
  call: Call,
  flow: Flow,
): Promise<string | undefined> {
  const stored = await store.tenant(call.tenantId).get(enrolments, enrolmentOfFlow(flow));
  return stored === undefined ? undefined : openSecret(vault, call, "enrolment", stored.record);
}

async function newSecret(dependencies: AuthDependencies, call: Call, flow: Flow): Promise<string> {
  const { store, vault, clock } = dependencies;
  const id = enrolmentOfFlow(flow);
  const secret = await newTotpSecret();
  const enrolment = create(EnrolmentSchema, {
    id,
    userId: flow.userId,
    sealedSecret: sealSecret(await vault.tenant(call.tenantId), "enrolment", id, secret),
    expireTime: flow.expireTime ?? timestampFromMs(clock() + enrolmentLifetime),
  });
  try {
    await store.tenant(call.tenantId).commit([insert(enrolments, enrolment)], []);
    return secret;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    // The same page, opened twice at the same moment.
    const other = await secretOfFlow(dependencies, call, flow);
    if (other === undefined) throw stepNotExpected();
    return other;
  }
}
