import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DescribeConsentResponseSchema,
  type DescribeConsentRequest,
  type DescribeConsentResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { accountOfSession } from "../account-of-user.ts";
import { shownScopes } from "../consents/shown-scopes.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { pendingState } from "./pending-state.ts";
import { requestingClient } from "./requesting-client.ts";

/** What the consent page shows: who asks whom for what. */
export function describeConsent(dependencies: OauthDependencies) {
  return async (request: DescribeConsentRequest, context: HandlerContext): Promise<DescribeConsentResponse> => {
    const call = callOf(context);
    const { state } = await pendingState(dependencies, call, request);
    const { session, groups, authorization } = state;
    const account = session === undefined ? undefined : await accountOfSession(dependencies, call, session);
    return create(DescribeConsentResponseSchema, {
      client: requestingClient(state),
      ...(account === undefined ? {} : { account }),
      groups: groups.map(({ resource, displayName, scopes }) => ({ resource, displayName, scopes: [...scopes] })),
      uiLocales: authorization.uiLocales,
      shown: shownScopes(groups),
    });
  };
}
