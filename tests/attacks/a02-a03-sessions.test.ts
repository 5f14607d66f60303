import { describe } from "vitest";
import { inOneProcess, onSharedPorts, replicated } from "../support/shapes.ts";
import { sessionAttacks } from "./a02-a03-sessions-suite.ts";

describe.each([inOneProcess, replicated, onSharedPorts])("$name", (shape) => {
  sessionAttacks(shape);
});
