import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CheckPermissionResponseSchema,
  type CheckPermissionRequest,
  type CheckPermissionResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { everyPermission } from "../../host/held-permissions.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { askedAuthority } from "./effective-authority.ts";

/** Whether somebody has a permission. Whoever is not there has none, like whoever may not sign in. */
export function checkPermission(dependencies: Pick<IdentityDependencies, "store" | "authorities">) {
  return async (request: CheckPermissionRequest, context: HandlerContext): Promise<CheckPermissionResponse> => {
    const { permissions } = await askedAuthority(dependencies, request, context);
    const allowed = permissions.has(request.permission) || permissions.has(everyPermission);
    return create(CheckPermissionResponseSchema, { allowed });
  };
}
