import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListTenantsResponseSchema,
  type ListTenantsRequest,
  type ListTenantsResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { tenantMessage } from "./tenant-message.ts";

const defaultPageSize = 50;

/** The tenants of the instance by slug, without those that are gone. */
export function listTenants({
  system,
  pageTokens,
  publicOrigin,
}: Pick<AdminDependencies, "system" | "pageTokens" | "publicOrigin">) {
  return async (request: ListTenantsRequest, context: HandlerContext): Promise<ListTenantsResponse> => {
    const call = callOf(context);
    const listing = `tenants?slug_prefix=${request.slugPrefix}`;
    const after = request.pageToken === "" ? undefined : await pageTokens.decode(call, listing, request.pageToken);
    const page = await system.page(tenants, {
      index: "present_slug",
      limit: request.pageSize || defaultPageSize,
      ...(request.slugPrefix === "" ? {} : { prefix: request.slugPrefix }),
      ...(after === undefined ? {} : { after }),
    });
    return create(ListTenantsResponseSchema, {
      tenants: page.items.map((stored) => tenantMessage(stored, publicOrigin())),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
