import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  InvitationSchema as StoredInvitationSchema,
  type Invitation as StoredInvitation,
} from "#gen/koder/identity/store/v1/invitation_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { Invitation } from "#gen/koder/identity/v1/invitation_pb.ts";
import {
  CreateInvitationRequestSchema,
  CreateInvitationResponseSchema,
  InvitationService,
  type CreateInvitationRequest,
  type CreateInvitationResponse,
} from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { isLanguageTag, wantedLanguageTag } from "../../host/language-tag.ts";
import { reachesInstance } from "../../host/instance-reach.ts";
import { isShownLine, wantedShownLine } from "../../host/shown-line.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { invitations, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { emailKey } from "../users/login-names.ts";
import { emailTaken } from "../users/taken.ts";
import { checkMayInvite } from "./check-may-invite.ts";
import { invitationChanged } from "./invitation-event.ts";
import { invitationLifetimes } from "./invitation-lifetimes.ts";
import { invitationMessage } from "./invitation-message.ts";
import { invitationExists } from "./invitation-refused.ts";
import { sendInvitation } from "./send-invitation.ts";
import { whatIsLeft } from "./what-is-left.ts";

/** Invites somebody by mail to what the caller may give. There is no user before they accept. */
export function createInvitation({
  store,
  peers,
  idempotency,
  clock,
}: Pick<IdentityDependencies, "store" | "peers" | "idempotency" | "clock">) {
  return async (request: CreateInvitationRequest, context: HandlerContext): Promise<CreateInvitationResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const asked = checkedInvitation(request.invitation);
    // Of a repeat, roles and groups may be gone by now: they are looked for the first time alone.
    await checkMayInvite(data, call, await whatIsLeft(data, asked));
    let created: StoredInvitation | undefined;
    const response = await idempotency.run(
      call,
      {
        method: InvitationService.method.createInvitation,
        requestId: request.requestId,
        request,
        requestSchema: CreateInvitationRequestSchema,
        responseSchema: CreateInvitationResponseSchema,
      },
      async (remember) => {
        await checkMayInvite(data, call, asked);
        if ((await data.find(users, "email", emailKey(asked.email))) !== undefined) throw emailTaken("invitation.");
        const now = clock();
        const record = newInvitation(call, now, asked);
        const answer = create(CreateInvitationResponseSchema, { invitation: invitationMessage(record) });
        const event = invitationChanged(call, now, record, 1, "created");
        try {
          await data.commit([insert(invitations, record), ...remember(answer)], [event]);
        } catch (error) {
          if (error instanceof Conflict && error.collection === invitations.name) throw invitationExists();
          throw error;
        }
        created = record;
        return answer;
      },
    );
    // Of a repeat, the mail may never have gone; where it has, auth mails nothing.
    const waiting = created ?? (await data.get(invitations, response.invitation?.id ?? ""))?.record;
    if (waiting !== undefined) await sendInvitation({ peers }, call, waiting);
    return response;
  };
}

function newInvitation(call: Call, now: number, { email, name, locale, roleIds, groupIds }: Invitation) {
  const time = timestampFromMs(now);
  const expires = now + invitationLifetimes.link;
  return create(StoredInvitationSchema, {
    id: ulid(now),
    userId: ulid(now),
    email,
    emailKey: emailKey(email),
    name,
    locale,
    roleIds,
    groupIds,
    inviterId: call.actor.id,
    inviterType: call.actor.type,
    inviterHadInstance: reachesInstance(call.caller),
    link: 1n,
    expireTime: timestampFromMs(expires),
    forgetTime: timestampFromMs(expires + invitationLifetimes.afterwards),
    createTime: time,
    sendTime: time,
  });
}

/** An invitation as it may be asked for. Throws INVALID_REQUEST or FIELD_NOT_WRITABLE. */
function checkedInvitation(asked: Invitation | undefined): Invitation {
  if (asked === undefined || asked.email === "") {
    throw failure(ErrorReason.INVALID_REQUEST, "invitation: an e-mail address is needed", {
      violations: [{ field: "invitation.email", description: "must be set" }],
    });
  }
  if (asked.locale !== "" && !isLanguageTag(asked.locale)) {
    throw failure(ErrorReason.INVALID_REQUEST, `invitation.locale: ${wantedLanguageTag}`, {
      violations: [{ field: "invitation.locale", description: wantedLanguageTag }],
    });
  }
  if (!isShownLine(asked.name)) {
    throw failure(ErrorReason.INVALID_REQUEST, `invitation.name: ${wantedShownLine}`, {
      violations: [{ field: "invitation.name", description: wantedShownLine }],
    });
  }
  const { id, createTime, sendTime, expireTime } = asked;
  const sent = { id: id !== "", create_time: !!createTime, send_time: !!sendTime, expire_time: !!expireTime };
  const violations = Object.entries(sent)
    .filter(([, isSent]) => isSent)
    .map(([field]) => ({ field: `invitation.${field}`, description: "is set by the server" }));
  if (violations.length === 0) return asked;
  throw identityFailure(IdentityErrorReason.FIELD_NOT_WRITABLE, "the invitation has what the server sets", {
    violations,
  });
}
