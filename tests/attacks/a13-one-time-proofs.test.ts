import { describe } from "vitest";
import { inOneProcess, replicated } from "../support/shapes.ts";
import { oneTimeProofAttacks } from "./a13-one-time-proofs-suite.ts";

describe.each([inOneProcess, replicated])("$name", (shape) => {
  oneTimeProofAttacks(shape);
});
