import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import {
  VerifyEmailResponseSchema,
  type VerifyEmailRequest,
  type VerifyEmailResponse,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { emailKey } from "../users/login-names.ts";
import { userUpdated } from "../users/user-events.ts";
import { userChangedMeanwhile, userNotFound } from "../users/user-not-found.ts";

/** Takes an address for verified that its user has proven. One that is not theirs any more stays as it is (security A16). */
export function verifyEmail({ store, clock }: Pick<IdentityDependencies, "store" | "clock">) {
  return (request: VerifyEmailRequest, context: HandlerContext): Promise<VerifyEmailResponse> =>
    changeLatest(undefined, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const user = await data.get(users, request.userId);
      const isTheirs = request.email !== "" && user?.record.emailKey === emailKey(request.email);
      if (user === undefined || !isTheirs || user.record.status !== UserStatus.ACTIVE)
        throw userNotFound(request.userId);
      if (!user.record.emailVerified) {
        const now = clock();
        const record = create(UserSchema, { ...user.record, emailVerified: true, updateTime: timestampFromMs(now) });
        const event = userUpdated(call, now, record.id, user.version + 1, ["email_verified"]);
        const isDone = await commitUnlessChanged(data, [replace(users, record, user.version)], [event]);
        if (!isDone) throw userChangedMeanwhile();
      }
      return create(VerifyEmailResponseSchema);
    });
}
