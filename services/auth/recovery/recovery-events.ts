import type { MailboxProof } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

const resource = ({ secretHash }: MailboxProof, version: number) => ({
  type: "mailbox_proof",
  id: secretHash,
  version,
});

/** Somebody asked for a link. */
export const recoveryStarted = (call: Call, now: number, proof: MailboxProof): Event =>
  eventOf(call, now, resource(proof, 1), {
    case: "recoveryStarted",
    value: { $typeName: "koder.events.v1.RecoveryStarted", userId: proof.userId },
  });

/** A link was used; `version` is the record's after it. */
export const recoveryTokenUsed = (call: Call, now: number, proof: MailboxProof, version: number): Event =>
  eventOf(call, now, resource(proof, version), {
    case: "recoveryTokenUsed",
    value: { $typeName: "koder.events.v1.RecoveryTokenUsed", userId: proof.userId },
  });
