import fc from "fast-check";

/** What somebody does, and at which replica. `back` names a token of the family: 0 the newest that was ever given. */
export type Act = { readonly replica: number } & (
  | {
      readonly do: "refresh";
      readonly family: number;
      readonly back: number;
      readonly by: string;
      readonly scope: "all" | "narrower" | "foreign";
    }
  | { readonly do: "redeem again"; readonly family: number }
  | { readonly do: "revoke"; readonly family: number; readonly back: number | undefined; readonly by: string }
  | { readonly do: "withdraw consent"; readonly client: string; readonly version: number }
  | { readonly do: "log out"; readonly session: string }
  | { readonly do: "void"; readonly subject: "the person" | { readonly client: string } }
);

/** What is done at the same moment, after the clock has moved on. */
export type Round =
  | { readonly do: "acts"; readonly elapsed: number; readonly acts: readonly Act[] }
  | { readonly do: "back up" }
  | { readonly do: "restore the backup" };

const day = 86_400_000;

/** The families of every run: of two clients, in two sessions, of both kinds, and with different lengths of time. */
export const kinds = [
  { client: "a", session: "one", offline: true, overlap: 10_000, absolute: 30 * day },
  { client: "a", session: "two", offline: false, overlap: 10_000, absolute: 30 * day },
  { client: "b", session: "two", offline: true, overlap: 0, absolute: 30_000 },
  { client: "b", session: "one", offline: false, overlap: 120_000, absolute: 30 * day },
] as const;

const replica = fc.integer({ min: 0, max: 1 });
const family = fc.integer({ min: 0, max: kinds.length - 1 });
const client = fc.constantFrom("a", "b");
/** Mostly whose it is, now and then another who tries. */
const by = (index: number) => fc.oneof({ weight: 9, arbitrary: fc.constant(kinds[index]?.client ?? "a") }, client);
const scope = fc.constantFrom("all" as const, "all" as const, "all" as const, "narrower" as const, "foreign" as const);

const refresh = fc
  .tuple(family, fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3), scope, replica)
  .chain(([index, back, of, at]) =>
    by(index).map((who) => ({ do: "refresh" as const, family: index, back, by: who, scope: of, replica: at })),
  );
const revoke = fc.record({
  do: fc.constant("revoke" as const),
  family,
  back: fc.constantFrom(undefined, 0, 1, 2),
  by: client,
  replica,
});
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 60, arbitrary: refresh },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("redeem again" as const), family, replica }) },
  { weight: 1, arbitrary: revoke },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("withdraw consent" as const),
      client,
      version: fc.integer({ min: 1, max: 3 }),
      replica,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("log out" as const), session: fc.constantFrom("one", "two"), replica }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("void" as const),
      subject: fc.oneof(fc.constant("the person" as const), fc.record({ client })),
      replica,
    }),
  },
);
const elapsed = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 5_000, 10_000, 10_001) },
  { weight: 1, arbitrary: fc.constantFrom(120_000, 120_001, 960_000, day / 2, 14 * day, 14 * day + 1) },
);

/** What many do to a few families, so that they meet, and what befalls the store. */
export const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant("acts" as const),
        elapsed,
        acts: fc.array(act, { minLength: 1, maxLength: 4, size: "max" }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("back up" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("restore the backup" as const) }) },
  ),
  { minLength: 1, maxLength: 24, size: "max" },
);
