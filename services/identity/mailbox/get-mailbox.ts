import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetMailboxResponseSchema,
  type GetMailboxRequest,
  type GetMailboxResponse,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import { nobody } from "../credentials/nobody.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** Where a user reads mail. One who may not sign in has no mailbox for us, like one who never was (security A8, A23). */
export function getMailbox({ store }: Pick<IdentityDependencies, "store">) {
  return async (request: GetMailboxRequest, context: HandlerContext): Promise<GetMailboxResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(users, request.userId || nobody);
    if (stored === undefined || stored.record.status !== UserStatus.ACTIVE) return create(GetMailboxResponseSchema);
    const { email, emailVerified, locale } = stored.record;
    // Of one without an address it may have been said before that was refused.
    return create(GetMailboxResponseSchema, { email, emailVerified: emailVerified && email !== "", locale });
  };
}
