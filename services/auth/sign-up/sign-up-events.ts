import type { MailboxProof } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

const resource = ({ secretHash }: MailboxProof, version: number) => ({
  type: "mailbox_proof",
  id: secretHash,
  version,
});

/** Somebody asked for a link; `ownerId` is who has the address already. */
export const signUpStarted = (call: Call, now: number, proof: MailboxProof, ownerId: string): Event =>
  eventOf(call, now, resource(proof, 1), {
    case: "signUpStarted",
    value: { $typeName: "koder.events.v1.SignUpStarted", userId: ownerId },
  });

/** An account was opened by a link; `version` is the record's after it. */
export const signUpCompleted = (call: Call, now: number, proof: MailboxProof, version: number): Event =>
  eventOf(call, now, resource(proof, version), {
    case: "signUpCompleted",
    value: { $typeName: "koder.events.v1.SignUpCompleted", userId: proof.userId },
  });
