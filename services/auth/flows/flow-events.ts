import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { FlowStateSchema } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

const resource = (flow: Flow, version: number) => ({ type: "flow", id: flow.idHash, version });

/** A flow was started. */
export const flowStarted = (call: Call, now: number, flow: Flow): Event =>
  eventOf(call, now, resource(flow, 1), {
    case: "flowStarted",
    value: { $typeName: "koder.events.v1.FlowStarted" },
  });

/** A flow reached the state that it is in now; `version` is the record's after the change. */
export const flowAdvanced = (call: Call, now: number, flow: Flow, version: number): Event =>
  eventOf(call, now, resource(flow, version), {
    case: "flowAdvanced",
    value: {
      $typeName: "koder.events.v1.FlowAdvanced",
      state: FlowStateSchema.values.find(({ number }) => number === flow.state)?.localName ?? "",
      userId: flow.userId,
      reason: flow.termsDeclined ? "terms_declined" : "",
    },
  });
