import { describe } from "vitest";
import { inOneProcess, onReplicas, onSharedPorts } from "../support/shapes.ts";
import { sessionAttacks } from "./a02-a03-sessions-suite.ts";

describe.each([inOneProcess, onReplicas, onSharedPorts])("$name", (shape) => {
  sessionAttacks(shape);
});
