import { describe } from "vitest";
import { basicModules } from "./basic-modules.ts";

describe("Form Post OP", () => {
  basicModules("form_post");
});
