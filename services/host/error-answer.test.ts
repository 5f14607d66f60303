import { describe, expect, test } from "vitest";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { errorAnswer } from "./error-answer.ts";
import { failure } from "./failure.ts";

const answerTo = (reason: ErrorReason, retryAfter?: number) => {
  const { status, headers } = errorAnswer(failure(reason, "…", retryAfter === undefined ? {} : { retryAfter }));
  return { status, retryAfter: headers["retry-after"] };
};

describe("what an error is in HTTP", () => {
  test("whoever is to come back is told when: what is away, what is busy, and what took too long", () => {
    expect(answerTo(ErrorReason.UNAVAILABLE, 7)).toEqual({ status: 503, retryAfter: "7" });
    expect(answerTo(ErrorReason.UNAVAILABLE)).toEqual({ status: 503, retryAfter: "1" });
    expect(answerTo(ErrorReason.DEADLINE_EXCEEDED)).toEqual({ status: 503, retryAfter: "1" });
  });

  test("a rule that was broken has its name beside it, where it has one", () => {
    const violations = [
      { field: "a", description: "must be more", reason: "TOO_SHORT" },
      { field: "b", description: "must be there" },
    ];
    const { body } = errorAnswer(failure(ErrorReason.INVALID_REQUEST, "…", { violations }));
    expect(JSON.parse(body)).toMatchObject({ error: { violations } });
    expect(body).not.toContain('"reason":""');
  });

  test("nobody else is", () => {
    expect(answerTo(ErrorReason.INVALID_REQUEST)).toEqual({ status: 400, retryAfter: undefined });
    expect(answerTo(ErrorReason.INTERNAL)).toEqual({ status: 500, retryAfter: undefined });
  });
});
