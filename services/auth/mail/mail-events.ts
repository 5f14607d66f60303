import type { MailJob } from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import { kindName } from "./render-mail.ts";

/** A mail was given up; of whom it was to go to and what was in it the event says nothing (security A29). */
export const mailGivenUp = (
  work: CausingCall,
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

/** What a tenant says in one kind of mail, in one language, was changed. */
export const mailTemplateChanged = (
  call: CausingCall,
  now: number,
  { id, version }: { readonly id: string; readonly version: number },
  state: "updated" | "deleted",
): Event =>
  eventOf(
    call,
    now,
    { type: "mail_template", id, version },
    { case: "mailTemplateChanged", value: { $typeName: "koder.events.v1.MailTemplateChanged", state } },
  );
