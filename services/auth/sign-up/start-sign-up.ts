import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailboxProofSchema, MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import {
  StartSignUpResponseSchema,
  type StartSignUpRequest,
  type StartSignUpResponse,
} from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { isLanguageTag, wantedLanguageTag } from "../../host/language-tag.ts";
import { countAttemptInWindow, inWindow } from "../../host/windowed-attempts.ts";
import { insert } from "../../store/writes.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { accountKeyOf } from "../account-key.ts";
import { tooMany } from "../attempts.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailLink } from "../mail/mail-link.ts";
import { mailboxProofHash } from "../recovery/mailbox-proof.ts";
import { checkSignUpAllowed } from "./check-sign-up-allowed.ts";
import { signUpStarted } from "./sign-up-events.ts";

const hour = 60 * 60_000;

/**
 * Mails a link to whoever reads an address. Nothing of an account is there before they open it: who does not read the mailbox
 * leaves no password behind for the one who comes to verify it (security A16). For an address that somebody has the same is
 * read and written, and the mail says so (security A23); one that was mailed enough gets no more.
 */
export function startSignUp(dependencies: AuthDependencies) {
  const { store, vault, peers, tenants, mailer, signUp, clock } = dependencies;
  return async (request: StartSignUpRequest, context: HandlerContext): Promise<StartSignUpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    await checkSignUpAllowed(dependencies, call);
    if (request.locale !== "" && !isLanguageTag(request.locale)) {
      throw failure(ErrorReason.INVALID_REQUEST, `locale: ${wantedLanguageTag}`, {
        violations: [{ field: "locale", description: wantedLanguageTag }],
      });
    }
    const counted = await countAttemptInWindow(data, "sign-up", signUp, clock(), call.clientAddress);
    if (counted.isTooMany) throw tooMany(signUp.window);
    const { email, locale, authorizationId } = request;
    const [{ userId: ownerId, loginKey }, tenantVault, tenant] = await Promise.all([
      peers.client(CredentialService).resolveLogin({ login: email }, forward(call)),
      vault.tenant(call.tenantId),
      tenants.get(call),
    ]);
    const mailboxKey = accountKeyOf(tenantVault, ownerId, loginKey);
    const [ofMailbox, forgotten] = inWindow(`sign-up/mailbox/${mailboxKey}`, hour, clock());
    const isMailed = (await data.add(ofMailbox, 1, forgotten)) <= signUp.perMailbox;
    const isNew = ownerId === "";
    const now = clock();
    const token = randomToken("kmp_");
    const userId = isNew && isMailed ? ulid(now) : "";
    const proof = create(MailboxProofSchema, {
      secretHash: mailboxProofHash(tenantVault, token),
      use: MailboxProofUse.SIGN_UP,
      userId,
      // Nobody is sent a link for it otherwise, and nothing of who has the address already is kept apart from them.
      email: userId === "" ? "" : email,
      locale,
      authorizationId,
      expireTime: timestampFromMs(now + signUp.lifetime),
    });
    const mail = mailer.prepare(
      { tenantId: call.tenantId, vault: tenantVault },
      isNew ? MailKind.SIGN_UP : MailKind.SIGN_UP_KNOWN,
      {
        to: isMailed ? email : "",
        locale,
        link: isNew ? mailLink(tenant, "signUp", token) : mailLink(tenant, "reset"),
      },
      now + signUp.lifetime,
    );
    await data.commit([insert(mailboxProofs, proof), mail.write], [signUpStarted(call, now, proof, ownerId)]);
    await mail.queue();
    return create(StartSignUpResponseSchema);
  };
}
