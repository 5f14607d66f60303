import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

const lines = (text: string, name: string) => text.split("\n").filter((line) => line.includes(name));

test("a counter counts by one or by many, and is there at 0 once it was named", () => {
  const metrics = createMetrics();
  metrics.count("things_total", "Things.", 0);
  expect(lines(metrics.text(), "things_total")).toEqual([
    "# HELP things_total Things.",
    "# TYPE things_total counter",
    "things_total 0",
  ]);
  metrics.count("things_total", "Things.");
  metrics.count("things_total", "Things.", 5);
  expect(lines(metrics.text(), "things_total").at(-1)).toBe("things_total 6");
});

test("a gauge shows what is at the moment of asking, with its labels, and nothing while there is nothing", () => {
  const metrics = createMetrics();
  const values: Record<string, number | undefined> = { one: undefined, two: 2 };
  for (const part of ["one", "two"]) metrics.gauge("depth", "How deep.", () => values[part], { part });
  metrics.gauge("height", "How high.", () => 0.5);
  expect(lines(metrics.text(), "depth")).toEqual([
    "# HELP depth How deep.",
    "# TYPE depth gauge",
    'depth{part="two"} 2',
  ]);
  expect(lines(metrics.text(), "height").at(-1)).toBe("height 0.5");
  values["one"] = 1;
  expect(lines(metrics.text(), "depth").slice(2)).toEqual(['depth{part="one"} 1', 'depth{part="two"} 2']);
  values["one"] = values["two"] = undefined;
  expect(lines(metrics.text(), "depth")).toEqual([]);
});
