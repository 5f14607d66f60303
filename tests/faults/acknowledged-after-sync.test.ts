import { expect, test } from "vitest";
import { acknowledgedAfterSync } from "./acknowledged-after-sync.ts";

const log = '7 pwrite64(20</d/a.db-wal>, "..."..., 4096, 0) = 4096';
const sync = "7 fsync(20</d/a.db-wal>)            = 0";
const answer = '7 write(1<pipe:[5]>, "0\\n", 2)   = 2';
const early = (lines: readonly string[], oneByOne = true) =>
  acknowledgedAfterSync(lines.join("\n"), { oneByOne }).early.length;

test("a sync that returned before the acknowledgement is in time", () => {
  expect(acknowledgedAfterSync([log, sync, answer, log, log, sync, answer].join("\n"), { oneByOne: true })).toEqual({
    acknowledgements: 2,
    early: [],
  });
});

test.each([
  ["there is none", [log, answer]],
  ["it comes later", [log, answer, sync]],
  ["it failed", [log, "7 fsync(20</d/a.db-wal>) = -1 EIO (Input/output error)", answer]],
  ["it was of another file", [log, "7 fsync(21</d/other>) = 0", answer]],
  ["more was written after it", [log, sync, log, answer]],
  ["it has begun in one thread only", [log, "7 fsync(20</d/a.db-wal> <unfinished ...>", answer.replace("7", "8")]],
])("a sync is not in time when %s", (_name, lines) => {
  expect(early(lines)).toBe(1);
});

test("a sync that ends on a later line counts from there", () => {
  const interrupted = [
    "7 fdatasync(20</d/a.db-wal> <unfinished ...>",
    "8 write(9<x>, 1) = 1",
    "7 <... fdatasync resumed>) = 0",
  ];
  expect(early([log, ...interrupted, answer])).toBe(0);
});

test("two acknowledgements may share a sync only when commits come together", () => {
  expect(early([log, sync, answer, answer], true)).toBe(1);
  expect(early([log, sync, answer, answer], false)).toBe(0);
});
