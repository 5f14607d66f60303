import { registerHooks } from "node:module";
import { create } from "@bufbuild/protobuf";
import { GetUserResponseSchema, type GetUserResponse } from "#gen/koder/identity/v1/user_service_pb.ts";

// Read before our server: GetUser is authenticated and let in as ever, and answered with nothing, so that what the work of
// the handler costs can be seen.

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith("/users/get-user.ts") && context.parentURL?.includes("/services/identity/") === true
      ? { url: import.meta.url, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});

/** In the place of the handler of services/identity/users/get-user.ts. */
export function getUser() {
  return async (): Promise<GetUserResponse> => create(GetUserResponseSchema);
}
