import type { JsonObject } from "@bufbuild/protobuf";
import type { Ajv2020 } from "ajv/dist/2020.js";
import type { FieldViolation } from "../../host/failure.ts";

/** What is wrong with the attributes of a person, where `field` is what holds them in the request. */
export type CheckAttributes = (attributes: JsonObject, field: string) => readonly FieldViolation[];

/** One for the process: its own schemas are compiled once. Both packages are loaded with the first schema of any tenant. */
const loading = { ajv: undefined as Promise<Ajv2020> | undefined };

async function load(): Promise<Ajv2020> {
  const { newValidator } = await import("./new-validator.ts");
  return newValidator();
}

/** Compiles a schema that has no faults. Throws an Error that says where a keyword has a value that it cannot have. */
export async function compileSchema(schema: JsonObject): Promise<CheckAttributes> {
  const ajv = await (loading.ajv ??= load());
  const own = structuredClone(schema);
  const validate = ajv.compile(own);
  // It keeps what it compiled for ever; whoever asked keeps it for as long as they need it.
  ajv.removeSchema(own);
  return (attributes, field) => {
    if (validate(attributes)) return [];
    const faults = (validate.errors ?? []).map(({ instancePath, keyword, params, message = "is not right" }) => {
      const missing = keyword === "required" ? String(params["missingProperty"]) : undefined;
      const steps = instancePath.split("/").slice(1);
      const path = [field, ...steps, ...(missing === undefined ? [] : [missing])].join(".");
      return { field: path, description: missing === undefined ? message : "must be there" };
    });
    // Values are personal, and none of these messages has one.
    return faults.slice(0, 50);
  };
}
