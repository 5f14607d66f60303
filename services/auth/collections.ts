import { timestampMs } from "@bufbuild/protobuf/wkt";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { Collection } from "../store/store.ts";

/** Authentication flows under way and just ended. */
export const flows: Collection<typeof FlowSchema> = {
  name: "auth_flows",
  schema: FlowSchema,
  id: (flow) => flow.idHash,
  expiresAt: (flow) => (flow.expireTime ? timestampMs(flow.expireTime) : undefined),
  events: "required",
};

/** Everything that the auth service stores. */
export const authCollections: readonly Collection[] = [flows];
