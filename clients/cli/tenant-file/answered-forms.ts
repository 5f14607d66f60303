import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** What the server makes of a field's value when it stores it, so that both are compared alike; undefined: it is not set. */
export type AnsweredForm = (value: JsonValue) => JsonValue | undefined;

const ofText =
  (form: (text: string) => string): AnsweredForm =>
  (value) =>
    typeof value === "string" ? form(value) : value;

export const lowerCase = ofText((text) => text.toLowerCase());
export const upperCase = ofText((text) => text.toUpperCase());
export const trimmed = ofText((text) => text.trim());

/** The characters of a text, each once. */
export const eachOnce = ofText((text) => [...new Set(text)].join(""));

/** Nothing, where an object is empty. */
export const emptyAsNone: AnsweredForm = (value) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0 ? undefined : value;

/** Scope tokens, each once (RFC 6749 §3.3). */
export const scopeTokens = ofText((text) => [...new Set(text.split(" ").filter((token) => token !== ""))].join(" "));

/** Each of a list. */
export const ofEach =
  (form: AnsweredForm): AnsweredForm =>
  (value) =>
    Array.isArray(value) ? value.map((item) => form(item) ?? null) : value;

/** Some members of a message. */
export const ofMembers =
  (forms: Readonly<Record<string, AnsweredForm>>): AnsweredForm =>
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? inAnsweredForm(value, forms) : value;

/** A message's JSON with those fields in the form in which the server answers them. */
export const inAnsweredForm = (json: JsonObject, forms: Readonly<Record<string, AnsweredForm>>): JsonObject =>
  Object.fromEntries(
    Object.entries(json).flatMap(([name, value]) => {
      const form = forms[name];
      const answered = form === undefined ? value : form(value);
      return answered === undefined ? [] : [[name, answered]];
    }),
  );
