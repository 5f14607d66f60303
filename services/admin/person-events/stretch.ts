import { create } from "@bufbuild/protobuf";
import { PersonEventsSchema, type PersonEvents } from "#gen/koder/admin/store/v1/person_events_pb.ts";

/** Events of one stretch of a log. What somebody does at one time, such as a sign-in, lies mostly in one. */
export const stretchLength = 64;

/** The stretch of a number in the log. */
export const stretchOf = (number: number): number => Math.floor((number - 1) / stretchLength);

/** The id of what is noted of a person and a stretch: sorted by stretch. */
export const personEventsId = ({ userId, stretch }: Pick<PersonEvents, "userId" | "stretch">): string =>
  `${userId}/${String(stretch).padStart(14, "0")}`;

/** That a stretch has something of a person. */
export const personEventsOf = (userId: string, stretch: number): PersonEvents =>
  create(PersonEventsSchema, { userId, stretch: BigInt(stretch) });
