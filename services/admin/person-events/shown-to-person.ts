import { create } from "@bufbuild/protobuf";
import { ActorSchema, ActorType, EventSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { personAbout } from "./people-of-event.ts";

/**
 * An event as its person may have it. It was done by them or to them, perhaps by or to somebody else, whose data are not theirs:
 * of others who acted stays that it was a user, and of others whom they acted upon what they did and when.
 */
export function shownToPerson(event: Event, userId: string): Event {
  const { actor } = event;
  const byAnother = actor?.type === ActorType.USER && actor.id !== userId;
  const about = personAbout(event);
  const aboutAnother = about !== undefined && about !== userId;
  return create(EventSchema, {
    ...event,
    ...(byAnother ? { actor: create(ActorSchema, { type: ActorType.USER }) } : {}),
    ...(aboutAnother ? { resourceId: "", payload: emptied(event.payload) } : {}),
  });
}

/** The kind of a payload, and nothing that it says. */
function emptied({ case: kind }: Event["payload"]): Event["payload"] {
  const schema = EventSchema.fields.find(({ localName }) => localName === kind)?.message;
  if (kind === undefined || schema === undefined) return { case: undefined };
  return { case: kind, value: create(schema) } as unknown as Event["payload"];
}
