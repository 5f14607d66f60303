import { ActorType, type Event } from "#gen/koder/events/v1/event_pb.ts";

/** Fields of payloads that name whom an event is about: an id, or `user/<id>` among other kinds. */
export const namingFields = ["userId", "subject", "member"] as const;
/** Kinds of resources whose id is a user's, or `user/<id>`. */
const ofUsers: ReadonlySet<string> = new Set(["user", "recovery_codes", "epoch"]);
const userForm = /^(?:user\/)?([0-7][0-9A-HJKMNP-TV-Z]{25})$/;

/** The user whom an event is about; undefined where it is about nobody, or about nobody yet. No event is about two people. */
export function personAbout({ resourceType, resourceId, payload }: Event): string | undefined {
  const named = (payload.value ?? {}) as Partial<Record<(typeof namingFields)[number], string>>;
  const said = [ofUsers.has(resourceType) ? resourceId : undefined, ...namingFields.map((name) => named[name])];
  for (const text of said) {
    const id = userForm.exec(text ?? "")?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

/** Whoever an event is about, and the user who caused it. */
export function peopleOfEvent(event: Event): ReadonlySet<string> {
  const { actor } = event;
  const people = new Set<string>();
  const about = personAbout(event);
  if (about !== undefined) people.add(about);
  if (actor?.type === ActorType.USER && actor.id !== "") people.add(actor.id);
  return people;
}
