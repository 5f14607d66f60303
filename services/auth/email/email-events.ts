import {
  MailboxProofUseSchema,
  type EmailChange,
  type MailboxProof,
} from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call, Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

const proofResource = ({ secretHash }: MailboxProof, version: number) => ({
  type: "mailbox_proof",
  id: secretHash,
  version,
});
const useOf = ({ use }: MailboxProof): string => MailboxProofUseSchema.value[use]?.localName ?? "";

/** A user was asked to prove that they read a mailbox. */
export const mailboxProofAsked = (call: Call, now: number, proof: MailboxProof): Event =>
  eventOf(call, now, proofResource(proof, 1), {
    case: "mailboxProofAsked",
    value: { $typeName: "koder.events.v1.MailboxProofAsked", userId: proof.userId, use: useOf(proof) },
  });

/** They have proven it; `version` is the record's after that. */
export const mailboxProofUsed = (call: Call, now: number, proof: MailboxProof, version: number): Event =>
  eventOf(call, now, proofResource(proof, version), {
    case: "mailboxProofUsed",
    value: { $typeName: "koder.events.v1.MailboxProofUsed", userId: proof.userId, use: useOf(proof) },
  });

/** A change of address began to wait, or one of its confirmations came. */
export const emailChangeAdvanced = (
  call: Call,
  now: number,
  { id, userId, oldConfirmed, newConfirmed }: EmailChange,
  version: number,
): Event =>
  eventOf(
    call,
    now,
    { type: "email_change", id, version },
    {
      case: "emailChangeAdvanced",
      value: { $typeName: "koder.events.v1.EmailChangeAdvanced", userId, oldConfirmed, newConfirmed },
    },
  );

/** A link was removed with its user; `version` is the record's after that. */
export const mailboxProofForgotten = (call: Outbound, now: number, proof: MailboxProof, version: number): Event =>
  eventOf(call, now, proofResource(proof, version), {
    case: "mailboxProofForgotten",
    value: { $typeName: "koder.events.v1.MailboxProofForgotten", userId: proof.userId, use: useOf(proof) },
  });

/** A change of address was removed with its user; `version` is the record's after that. */
export const emailChangeForgotten = (
  call: Outbound,
  now: number,
  { id, userId }: EmailChange,
  version: number,
): Event =>
  eventOf(
    call,
    now,
    { type: "email_change", id, version },
    { case: "emailChangeForgotten", value: { $typeName: "koder.events.v1.EmailChangeForgotten", userId } },
  );
