import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListRoleAssignmentsResponseSchema,
  type ListRoleAssignmentsRequest,
  type ListRoleAssignmentsResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { assignmentIndexed, roleAssignments } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { assignmentMessage } from "./role-message.ts";
import { clientSubject, groupSubject, userSubject, type Subject } from "./subject.ts";

/** The assignments of a role, of somebody, or the one of both. */
export function listRoleAssignments({ store, pageTokens }: Pick<IdentityDependencies, "store" | "pageTokens">) {
  return async (request: ListRoleAssignmentsRequest, context: HandlerContext): Promise<ListRoleAssignmentsResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { roleId } = request;
    const subject = subjectOf(request);
    const listing = `role assignments?role=${roleId}&subject=${subject ?? ""}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    if (roleId !== "" && subject !== undefined) {
      const one = await data.find(roleAssignments, "role_and_subject", assignmentIndexed(roleId, subject));
      const assignments = one === undefined ? [] : [assignmentMessage(one.record)];
      return create(ListRoleAssignmentsResponseSchema, { assignments });
    }
    const page = await data.page(roleAssignments, {
      ...(subject === undefined ? { index: "role", equals: roleId } : { index: "subject", equals: subject }),
      ...requested,
    });
    return create(ListRoleAssignmentsResponseSchema, {
      assignments: page.items.map(({ record }) => assignmentMessage(record)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}

function subjectOf({ userId, groupId, clientId }: ListRoleAssignmentsRequest): Subject | undefined {
  if (userId !== "") return userSubject(userId);
  if (groupId !== "") return groupSubject(groupId);
  return clientId === "" ? undefined : clientSubject(clientId);
}
