import type { Act, Round } from "./family-rounds.ts";

const alone = (act: Act, elapsed = 0): Round => ({ do: "acts", elapsed, acts: [act] });
const refreshing = (family: number, back: number, by: string, scope: "all" | "foreign" = "all"): Act => ({
  do: "refresh",
  family,
  back,
  by,
  scope,
  replica: back % 2,
});

/** A run in which everything happens that can: also where there is time for this one only. */
export const aRunOfEverything: Round[] = [
  { do: "back up" },
  alone(refreshing(0, 0, "a")),
  alone(refreshing(0, 1, "a"), 10_000),
  alone(refreshing(0, 0, "a", "foreign")),
  alone(refreshing(0, 0, "b")),
  { do: "restore the backup" },
  alone(refreshing(0, 0, "a")),
  alone(refreshing(0, 0, "a")),
  alone(refreshing(2, 0, "b")),
  alone(refreshing(2, 1, "b")),
  alone(refreshing(3, 0, "b")),
  alone({ do: "log out", session: "one", replica: 0 }),
  alone(refreshing(3, 0, "b")),
  { do: "acts", elapsed: 0, acts: [refreshing(1, 0, "a"), refreshing(1, 0, "a"), refreshing(1, 0, "a")] },
  alone({ do: "redeem again", family: 1, replica: 1 }),
  // A token of a time that the backup knows nothing of, of the generation before the newest: no retry.
  { do: "restore the backup" },
  alone(refreshing(0, 1, "a")),
  alone(refreshing(0, 0, "a")),
  alone(refreshing(0, 2, "a")),
  { do: "restore the backup" },
  alone(refreshing(0, 3, "a"), 14 * 86_400_000 + 1),
];
