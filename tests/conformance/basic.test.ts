import { describe } from "vitest";
import { basicModules } from "./basic-modules.ts";

describe("Basic OP", () => {
  basicModules("query");
});
