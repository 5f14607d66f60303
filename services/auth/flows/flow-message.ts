import { create } from "@bufbuild/protobuf";
import type { Flow as StoredFlow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { FlowSchema, type Flow } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import type { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";

/** A flow as its browser sees it: what can be given next, and nothing of whom it found. */
export function flowMessage(id: string, stored: StoredFlow): Flow {
  return create(FlowSchema, {
    id,
    state: stored.state as FlowState,
    nextSteps: stored.nextSteps as FlowStep[],
    ...(stored.expireTime ? { expireTime: stored.expireTime } : {}),
  });
}
