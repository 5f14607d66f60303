import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListRolesResponseSchema,
  type ListRolesRequest,
  type ListRolesResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { roles } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { builtInRoles } from "./built-in-roles.ts";
import { mostRead } from "./role-catalogue.ts";
import { roleMessage } from "./role-message.ts";

/** By code point, as the store sorts ids: ULIDs begin with a digit, so that the built-in roles come last. */
const byId = (one: { readonly id: string }, other: { readonly id: string }): number => (one.id < other.id ? -1 : 1);

/** The roles of the tenant, or of one client, by id. There are never more than one read gives. */
export function listRoles({ store, pageTokens }: Pick<IdentityDependencies, "store" | "pageTokens">) {
  return async (request: ListRolesRequest, context: HandlerContext): Promise<ListRolesResponse> => {
    const call = callOf(context);
    const listing = `roles?client_id=${request.clientId}`;
    const { limit, after } = await pageTokens.requestedPage(call, listing, request);
    const { items } = await store.tenant(call.tenantId).page(roles, { index: "id", limit: mostRead });
    const all = [
      ...items.map(({ record, version }) => roleMessage(record, version)),
      ...builtInRoles.map((role) => roleMessage(role)),
    ];
    const rest = all
      .filter(({ clientId }) => request.clientId === "" || clientId === request.clientId)
      .toSorted(byId)
      .filter(({ id }) => after === undefined || id > after.id);
    const page = rest.slice(0, limit);
    const last = page.length < rest.length ? page.at(-1) : undefined;
    const next = last === undefined ? undefined : { value: last.id, id: last.id };
    return create(ListRolesResponseSchema, {
      roles: page,
      nextPageToken: await pageTokens.nextPageToken(call, listing, next),
    });
  };
}
