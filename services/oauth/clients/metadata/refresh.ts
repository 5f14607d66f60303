import { durationFromMs, durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { refreshDefaults } from "./client-defaults.ts";
import type { MetadataPart } from "./metadata-part.ts";

const [second, minute, day] = [1_000, 60_000, 86_400_000];
/** 400 days, what browsers give a cookie at most. */
const longest = 400 * day;

/** How long a client's refresh tokens live, and when it gets them. */
export const refresh: MetadataPart<
  "refreshTokenOverlap" | "refreshTokenIdleLifetime" | "refreshTokenAbsoluteLifetime" | "refreshWithoutOfflineAccess"
> = (client, wrong) => {
  const read = (field: string, value: Duration | undefined, least: number, most: number, otherwise: number): number => {
    const length = value === undefined ? otherwise : durationMs(value);
    if (length < least || length > most) wrong(field, `must be ${least / second} s to ${most / second} s`);
    return length;
  };
  const overlap = read("refresh_token_overlap", client.refreshTokenOverlap, 0, minute, refreshDefaults.overlap);
  const absolute = read(
    "refresh_token_absolute_lifetime",
    client.refreshTokenAbsoluteLifetime,
    minute,
    longest,
    refreshDefaults.absolute,
  );
  const idle = read(
    "refresh_token_idle_lifetime",
    client.refreshTokenIdleLifetime,
    minute,
    longest,
    Math.min(refreshDefaults.idle, absolute),
  );
  if (client.refreshWithoutOfflineAccess && !client.grantTypes.includes("refresh_token"))
    wrong("refresh_without_offline_access", "must come with the grant refresh_token");
  return {
    refreshTokenOverlap: durationFromMs(overlap),
    refreshTokenIdleLifetime: durationFromMs(idle),
    refreshTokenAbsoluteLifetime: durationFromMs(absolute),
    refreshWithoutOfflineAccess: client.refreshWithoutOfflineAccess,
  };
};
