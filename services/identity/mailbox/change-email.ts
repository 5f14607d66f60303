import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import {
  ChangeEmailResponseSchema,
  type ChangeEmailRequest,
  type ChangeEmailResponse,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { emailKey } from "../users/login-names.ts";
import { takenFailure } from "../users/taken.ts";
import { userUpdated } from "../users/user-events.ts";
import { userChangedMeanwhile, userNotFound } from "../users/user-not-found.ts";

/**
 * Gives a user the address that they have proven. Where theirs has become another since they asked, what they asked is void;
 * where it is the new one already, nothing is left to do.
 */
export function changeEmail({ store, clock }: Pick<IdentityDependencies, "store" | "clock">) {
  return (request: ChangeEmailRequest, context: HandlerContext): Promise<ChangeEmailResponse> =>
    changeLatest(undefined, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const user = await data.get(users, request.userId);
      if (user === undefined || user.record.status !== UserStatus.ACTIVE) throw userNotFound(request.userId);
      const { emailKey: current, emailVerified } = user.record;
      const [oldKey, newKey] = [emailKey(request.oldEmail), emailKey(request.newEmail)];
      if (current === newKey && emailVerified) return create(ChangeEmailResponseSchema);
      if (current !== oldKey) throw userNotFound(request.userId);
      const now = clock();
      const record = create(UserSchema, {
        ...user.record,
        email: request.newEmail,
        emailKey: newKey,
        emailVerified: true,
        updateTime: timestampFromMs(now),
      });
      const event = userUpdated(call, now, record.id, user.version + 1, ["email", "email_verified"]);
      try {
        await data.commit([replace(users, record, user.version)], [event]);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw error.reason === "unique" ? takenFailure(error, "") : userChangedMeanwhile();
      }
      return create(ChangeEmailResponseSchema);
    });
}
