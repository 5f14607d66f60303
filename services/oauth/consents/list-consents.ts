import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListConsentsResponseSchema,
  type ListConsentsRequest,
  type ListConsentsResponse,
} from "#gen/koder/oauth/v1/consent_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { consents } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { consentMessage } from "./consent-message.ts";
import { userOf } from "../../host/user-of.ts";

/** A person's consents by client id. Those of deleted clients are not among them: nothing that was given them is good. */
export function listConsents({ store, pageTokens, clients }: OauthDependencies) {
  return async (request: ListConsentsRequest, context: HandlerContext): Promise<ListConsentsResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    const listing = `consents?user_id=${userId}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await store.tenant(call.tenantId).page(consents, {
      index: "user_id",
      equals: userId,
      ...requested,
    });
    const messages = await Promise.all(
      page.items.map(async ({ record }) => {
        const client = await clients.get(call, record.clientId);
        return client === undefined ? undefined : consentMessage(record, client);
      }),
    );
    return create(ListConsentsResponseSchema, {
      consents: messages.filter((message) => message !== undefined),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
