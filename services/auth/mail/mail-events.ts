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

/** What a tenant says in one kind of mail, in one language, was changed. */
export const mailTemplateChanged = (
  call: Pick<Outbound, "requestId" | "tenantId" | "actor">,
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
