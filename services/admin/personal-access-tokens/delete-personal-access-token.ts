import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeletePersonalAccessTokenResponseSchema,
  type DeletePersonalAccessTokenRequest,
  type DeletePersonalAccessTokenResponse,
} from "#gen/koder/admin/v1/personal_access_token_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { personalAccessTokens } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { personalAccessTokenDeleted, personalAccessTokenNotFound } from "./personal-access-token.ts";

/** Deletes a token of the person that the path names, and of nobody else (security A14). */
export function deletePersonalAccessToken({ store, clock }: Pick<AdminDependencies, "store" | "clock">) {
  return async (
    request: DeletePersonalAccessTokenRequest,
    context: HandlerContext,
  ): Promise<DeletePersonalAccessTokenResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const id = request.personalAccessTokenId;
    const stored = await data.get(personalAccessTokens, id);
    if (stored?.record.userId !== userOf(call, request)) throw personalAccessTokenNotFound(id);
    const isDone = await commitUnlessChanged(
      data,
      [remove(personalAccessTokens, stored)],
      [personalAccessTokenDeleted(call, clock(), stored)],
    );
    if (!isDone) throw personalAccessTokenNotFound(id);
    return create(DeletePersonalAccessTokenResponseSchema, {});
  };
}
