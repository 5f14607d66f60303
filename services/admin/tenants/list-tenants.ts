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

/** The tenants of the instance by slug, without those that are gone. */
export function listTenants({
  system,
  pageTokens,
  publicOrigin,
}: Pick<AdminDependencies, "system" | "pageTokens" | "publicOrigin">) {
  return async (request: ListTenantsRequest, context: HandlerContext): Promise<ListTenantsResponse> => {
    const call = callOf(context);
    const listing = `tenants?slug_prefix=${request.slugPrefix}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await system.page(tenants, {
      index: "present_slug",
      ...(request.slugPrefix === "" ? {} : { prefix: request.slugPrefix }),
      ...requested,
    });
    return create(ListTenantsResponseSchema, {
      tenants: page.items.map((stored) => tenantMessage(stored, publicOrigin())),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
