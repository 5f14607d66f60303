import fc from "fast-check";
import type { ModelAddition, ModelWrite } from "./model-store.ts";

/** One thing that a caller does. */
export type Operation =
  | { readonly do: "commit"; readonly writes: readonly ModelWrite[] }
  | { readonly do: "add"; readonly additions: readonly ModelAddition[] }
  | { readonly do: "sweep" };

/** What is done at the same moment, after the clock has moved on. */
export interface Round {
  readonly elapsed: number;
  readonly operations: readonly Operation[];
}

const id = fc.constantFrom("a", "b", "\uFFFF", "\u{1F600}");
const code = fc.constantFrom("", "x", "y");
const body = fc.constantFrom("", "m", "mn", "\uD7FF", "\uFFFF", "\u{1F600}");
const lifetime = fc.constantFrom(undefined, 0, 5, 20);
const version = fc.integer({ min: 1, max: 3 });
const write: fc.Arbitrary<ModelWrite> = fc.oneof(
  fc.record({ kind: fc.constant("insert" as const), id, code, body, lifetime, version: fc.constant(0) }),
  fc.record({ kind: fc.constant("replace" as const), id, code, body, lifetime, version }),
  fc.record({ kind: fc.constant("delete" as const), id, version }),
);
const addition: fc.Arbitrary<ModelAddition> = fc.record({
  counter: fc.constantFrom("c", "d"),
  n: fc.integer({ min: -3, max: 3 }),
  lifetime: fc.constantFrom(0, 5, 20),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      writes: fc.uniqueArray(write, { selector: (one) => one.id, minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      additions: fc.uniqueArray(addition, { selector: (one) => one.counter, minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
);
/** What many callers do to a few records, so that they meet. */
export const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    elapsed: fc.constantFrom(0, 0, 5, 10),
    operations: fc.array(operation, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 20 },
);
