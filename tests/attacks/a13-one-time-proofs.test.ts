import { describe } from "vitest";
import { inOneProcess, onReplicas } from "../support/shapes.ts";
import { oneTimeProofAttacks } from "./a13-one-time-proofs-suite.ts";

describe.each([inOneProcess, onReplicas])("$name", (shape) => {
  oneTimeProofAttacks(shape);
});
