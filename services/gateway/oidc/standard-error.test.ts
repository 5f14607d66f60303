import { expect, test } from "vitest";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import { failure } from "../../host/failure.ts";
import { isOfOAuth, standardBody } from "./standard-error.ts";

test.each([
  [failure(ErrorReason.METHOD_NOT_ALLOWED, 'the path takes "POST"'), "invalid_request", "the path takes ?POST?"],
  [
    failure(ErrorReason.RATE_LIMITED, "too many requests", { retryAfter: 7 }),
    "temporarily_unavailable",
    "too many requests",
  ],
  [failure(ErrorReason.UNAVAILABLE, "away"), "temporarily_unavailable", "away"],
  [failure(ErrorReason.INTERNAL, "a secret of ours"), "server_error", "a secret of ours"],
])("is in the words of RFC 6749: %s", (error, code, description) => {
  expect(JSON.parse(standardBody(errorAnswer(error)))).toEqual({ error: code, error_description: description });
});

test("is for the paths whose clients read it", () => {
  for (const path of ["/oauth/v2/token", "/oidc/v1/userinfo"]) expect(isOfOAuth(path)).toBe(true);
  for (const path of ["/v1/users", "/", "/oauth/v2", "/.well-known/openid-configuration"])
    expect(isOfOAuth(path)).toBe(false);
});
