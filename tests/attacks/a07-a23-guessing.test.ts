import { describe } from "vitest";
import { inOneProcess, onSharedPorts, replicated } from "../support/shapes.ts";
import { guessingAttacks } from "./a07-a23-guessing-suite.ts";

describe.each([inOneProcess, replicated, onSharedPorts])("$name", (shape) => {
  guessingAttacks(shape);
});
