import { create } from "@bufbuild/protobuf";
import { GetSystemHealthResponseSchema, type GetSystemHealthResponse } from "#gen/koder/admin/v1/system_service_pb.ts";
import type { AdminDependencies } from "../dependencies.ts";

/** How each part of the instance is, asked now. */
export function getSystemHealth({ componentStates, version }: AdminDependencies) {
  return async (): Promise<GetSystemHealthResponse> => {
    const states = await componentStates();
    return create(GetSystemHealthResponseSchema, {
      healthy: states.every(({ fault }) => fault === undefined),
      components: states.map(({ name, fault }) => ({ name, healthy: fault === undefined, message: fault ?? "" })),
      version,
    });
  };
}
