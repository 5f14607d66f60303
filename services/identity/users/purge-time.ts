import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { User } from "#gen/koder/identity/store/v1/user_pb.ts";

/** When a user is to be erased, in milliseconds. */
export const purgeTimeOf = ({ purgeTime }: Pick<User, "purgeTime">): number =>
  purgeTime === undefined ? Number.POSITIVE_INFINITY : timestampMs(purgeTime);
