import type { DescEnum, JsonObject } from "@bufbuild/protobuf";
import { comment } from "./schemas.ts";

/** Whether an enum lists reasons of errors: the general ones, or those of one service. */
function isErrorReasons(type: DescEnum): boolean {
  return type.name.endsWith("ErrorReason");
}

/** The schemas of the one error shape of the REST API, with every reason that it can have. */
export function errorSchemas(enums: readonly DescEnum[]): JsonObject {
  const reasons = enums.filter(isErrorReasons).flatMap((type) =>
    type.values
      .filter((value) => value.number !== 0)
      .map((value) => ({
        name: value.name.slice((type.sharedPrefix ?? "").length).toUpperCase(),
        text: comment(value),
      })),
  );
  return {
    Error: {
      type: "object",
      description: "Every answer that is not a success.",
      required: ["error"],
      properties: {
        error: {
          type: "object",
          required: ["reason", "message", "id", "violations"],
          properties: {
            reason: { $ref: "#/components/schemas/Reason" },
            message: {
              type: "string",
              description: "What was wrong and what would be right, in English, for developers.",
            },
            id: {
              type: "string",
              description: "Finds this one failure in the logs; give it to whoever helps you.",
              examples: ["KID-IDN-001-7Q3ZKX"],
            },
            violations: {
              type: "array",
              description: "The fields that were wrong; empty where the failure is not about one.",
              items: {
                type: "object",
                required: ["field", "description"],
                properties: {
                  field: { type: "string", description: "Dotted path of the member." },
                  description: { type: "string", description: "What would be right." },
                  reason: {
                    type: "string",
                    description: "Name of the rule that was broken, where there are several to tell apart.",
                  },
                },
              },
            },
          },
        },
      },
    },
    Reason: {
      type: "string",
      description: [
        "Why the call failed; programs decide by it. The list grows: treat an unknown reason by its HTTP status.",
        ...reasons.map(({ name, text }) => `- \`${name}\`: ${text}`),
      ].join("\n"),
      examples: reasons.slice(0, 1).map(({ name }) => name),
    },
  };
}

/** The answer to a call that failed, for every operation. */
export const errorResponse: JsonObject = {
  description:
    "The call failed; the reasons of its own are named in its description, the general ones are listed at `Reason`.",
  headers: {
    "Retry-After": { description: "Seconds after which a repeat makes sense.", schema: { type: "integer" } },
    "WWW-Authenticate": { description: "With 401: what credential is asked for.", schema: { type: "string" } },
  },
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
};
