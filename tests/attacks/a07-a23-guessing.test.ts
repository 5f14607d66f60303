import { describe } from "vitest";
import { inOneProcess, onReplicas, onSharedPorts } from "../support/shapes.ts";
import { guessingAttacks } from "./a07-a23-guessing-suite.ts";

describe.each([inOneProcess, onReplicas, onSharedPorts])("$name", (shape) => {
  guessingAttacks(shape);
});
