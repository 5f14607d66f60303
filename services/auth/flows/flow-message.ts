import { create } from "@bufbuild/protobuf";
import type { Flow as StoredFlow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { FlowSchema, FlowStep, TermsSchema, type Flow, type FlowState } from "#gen/koder/auth/v1/flow_pb.ts";

/** What a flow outside of a browser is shown with once. */
export interface ShownOnce {
  readonly loginHandle?: string;
  readonly recoveryCodes?: readonly string[];
}

/** A flow as whoever goes on with it sees it: what can be given next, and nothing of whom it found. */
export function flowMessage(
  id: string,
  stored: StoredFlow,
  { loginHandle = "", recoveryCodes = [] }: ShownOnce = {},
): Flow {
  return create(FlowSchema, {
    id,
    state: stored.state as FlowState,
    nextSteps: stored.nextSteps as FlowStep[],
    loginHandle,
    recoveryCodes: [...recoveryCodes],
    ...(stored.expireTime ? { expireTime: stored.expireTime } : {}),
    ...(stored.nextSteps.includes(FlowStep.ACCEPT_TERMS) ? { terms: termsOf(stored) } : {}),
  });
}

const termsOf = ({ askedTermsVersion, askedTermsUri, formerTermsVersion }: StoredFlow) =>
  create(TermsSchema, {
    version: askedTermsVersion,
    uri: askedTermsUri,
    acceptedVersion: formerTermsVersion,
  });
