import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AuthorizationParametersSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { checkResponseMode, responseModeOf } from "./response-mode.ts";

const web = "https://app.example.com/cb";
const sent = (responseMode: string, ...duplicateParameters: string[]) =>
  create(AuthorizationParametersSchema, { responseMode, duplicateParameters });

test("an answer goes as it was asked for", () => {
  expect(checkResponseMode(web, sent(""))).toBe("query");
  expect(checkResponseMode(web, sent("query"))).toBe("query");
  expect(checkResponseMode(web, sent("form_post"))).toBe("form_post");
  expect(checkResponseMode("http://127.0.0.1:8080/cb", sent("form_post"))).toBe("form_post");
});

test.each(["fragment", "jwt", "form_post.jwt", "FORM_POST"])("%s is refused, by the query", (mode) => {
  expect(() => checkResponseMode(web, sent(mode))).toThrow("response_mode must be query");
  expect(responseModeOf(web, sent(mode))).toBe("query");
});

test("a form goes to a web page only, and a mode that was sent twice is none", () => {
  expect(() => checkResponseMode("com.example.app:/cb", sent("form_post"))).toThrow("response_mode");
  expect(responseModeOf("com.example.app:/cb", sent("form_post"))).toBe("query");
  expect(responseModeOf(web, sent("form_post", "response_mode"))).toBe("query");
});
