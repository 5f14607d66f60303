import type { MailJob } from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { kindName } from "./render-mail.ts";

/** A mail was given up; of whom it was to go to and what was in it the event says nothing (security A29). */
export const mailGivenUp = (
  work: Pick<Outbound, "requestId" | "tenantId" | "actor">,
  now: number,
  { id, kind, attempts }: MailJob,
  version: number,
  fault: string,
): Event =>
  eventOf(
    work,
    now,
    { type: "mail", id, version },
    {
      case: "mailGivenUp",
      value: { $typeName: "koder.events.v1.MailGivenUp", kind: kindName(kind).toUpperCase(), attempts, fault },
    },
  );
