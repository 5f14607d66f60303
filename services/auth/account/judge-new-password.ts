import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import {
  JudgeNewPasswordResponseSchema,
  type JudgeNewPasswordRequest,
  type JudgeNewPasswordResponse,
} from "#gen/koder/auth/v1/new_password_internal_pb.ts";
import { CredentialService, type JudgePasswordRequestSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { openFlow } from "../flows/open-flow.ts";
import { findMailboxProof, proofInvalid } from "../recovery/mailbox-proof.ts";

type Needs = Pick<AuthDependencies, "store" | "vault" | "peers">;

/**
 * Judges what somebody has typed who may choose a password: whoever's flow waits for one, or who has a link that was mailed. So
 * nobody else learns by it what is made of somebody's name.
 */
export function judgeNewPassword(dependencies: Needs) {
  return async (request: JudgeNewPasswordRequest, context: HandlerContext): Promise<JudgeNewPasswordResponse> => {
    const call = callOf(context);
    const { whose, email } = await whoseOf(dependencies, call, request);
    const { password } = request;
    const { rule, strength, minLength, maxLength, length } = await dependencies.peers
      .client(CredentialService)
      .judgePassword({ ...whose, password }, forward(call));
    return create(JudgeNewPasswordResponseSchema, { rule, strength, minLength, maxLength, length, email });
  };
}

/** Whose password it is to be, and where their link was mailed. A link from before the user was voided is void too, as when it is used. Throws FLOW_NOT_FOUND, STEP_NOT_EXPECTED or RECOVERY_TOKEN_INVALID. */
async function whoseOf(
  { store, vault, peers }: Needs,
  call: Call,
  { flowId, browser, token, name }: JudgeNewPasswordRequest,
): Promise<{ readonly whose: MessageInitShape<typeof JudgePasswordRequestSchema>; readonly email: string }> {
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  if (token === "") {
    const { record } = await openFlow(data, tenantVault, { flowId, browser }, FlowStep.NEW_PASSWORD);
    return { whose: { userId: record.userId }, email: "" };
  }
  const proof = (await findMailboxProof(data, tenantVault, token))?.record;
  switch (proof?.use) {
    case MailboxProofUse.PASSWORD_RESET: {
      const { userId, userEpoch, email } = proof;
      const current = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
      if (current.userEpoch !== userEpoch) throw proofInvalid();
      return { whose: { userId }, email };
    }
    case MailboxProofUse.SIGN_UP:
    case MailboxProofUse.INVITATION:
      return { whose: { email: proof.email, name: name || proof.name }, email: proof.email };
    default:
      throw proofInvalid();
  }
}
