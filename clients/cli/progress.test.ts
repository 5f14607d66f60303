import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";

function watched({ isTTY = false, total = 2_000, columns = 80 } = {}) {
  const time = { now: 0 };
  const err = Object.assign(new PassThrough(), { isTTY, columns });
  const progress = createProgress({ err, label: "copying", total, clock: () => time.now });
  const shown = async (): Promise<string> => {
    err.end();
    return text(err);
  };
  return { time, progress, shown };
}

test("on a terminal it is one line that is drawn again, not too often, and left at the end", async () => {
  const { time, progress, shown } = watched({ isTTY: true });
  progress.update(0);
  time.now = 50;
  progress.update(100);
  time.now = 1_000;
  progress.update(500);
  time.now = 4_000;
  progress.update(2_000);
  progress.end();
  progress.end();
  progress.update(7);
  const lines = (await shown()).split("\r\u001B[2K").slice(1);
  expect(lines).toEqual([
    `copying ${"░".repeat(24)} 0 of 2,000, 0 %`,
    `copying ${"█".repeat(6)}${"░".repeat(18)} 500 of 2,000, 25 %, 3 s left`,
    `copying ${"█".repeat(24)} 2,000 of 2,000, 100 %, 0 s left`,
    `copying ${"█".repeat(24)} 2,000 of 2,000, 100 %\n`,
  ]);
});

test("elsewhere it is a line every ten seconds, and one at the end", async () => {
  const { time, progress, shown } = watched();
  for (time.now = 0; time.now <= 25_000; time.now += 500) progress.update(time.now / 25);
  progress.end();
  expect(await shown()).toBe(
    "copying: 400 of 2,000, 20 %, 40 s left\ncopying: 800 of 2,000, 40 %, 30 s left\ncopying: 1,000 of 2,000, 50 %\n",
  );
});

test("a narrow terminal gets as much as fits, and work without size is whole", async () => {
  const narrow = watched({ isTTY: true, columns: 20 });
  narrow.progress.update(1);
  expect((await narrow.shown()).replace("\r\u001B[2K", "")).toHaveLength(19);
  const none = watched({ total: 0 });
  none.progress.end();
  expect(await none.shown()).toBe("copying: 0 of 0, 100 %\n");
});
