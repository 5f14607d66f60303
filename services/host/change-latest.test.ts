import { expect, test } from "vitest";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { changeLatest } from "./change-latest.ts";
import { failure } from "./failure.ts";

const changedMeanwhile = failure(ErrorReason.ETAG_MISMATCH, "changed meanwhile");

/** A change that somebody else is faster at so many times, and how often it was tried. */
function change({ fasterOnes, thrown = changedMeanwhile }: { readonly fasterOnes: number; readonly thrown?: Error }) {
  const tried = { times: 0 };
  const once = async () => {
    tried.times += 1;
    if (tried.times <= fasterOnes) throw thrown;
    return "done";
  };
  return { tried, once };
}

test("without an etag it is done again, so often and no oftener", async () => {
  for (const etag of ["", undefined]) {
    const few = change({ fasterOnes: 19 });
    expect(await changeLatest(etag, few.once)).toBe("done");
    const many = change({ fasterOnes: 100 });
    await expect(changeLatest(etag, many.once)).rejects.toBe(changedMeanwhile);
    expect([few.tried.times, many.tried.times]).toEqual([20, 20]);
  }
});

test("with an etag, or where something else is the matter, it is done once", async () => {
  const { tried, once } = change({ fasterOnes: 1 });
  await expect(changeLatest("v1", once)).rejects.toBe(changedMeanwhile);
  expect(tried.times).toBe(1);
  for (const thrown of [failure(ErrorReason.CONFLICT, "at the same moment"), new Error("broken")]) {
    const other = change({ fasterOnes: 1, thrown });
    await expect(changeLatest("", other.once)).rejects.toBe(thrown);
    expect(other.tried.times).toBe(1);
  }
});
