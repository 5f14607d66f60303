import { expect, test } from "vitest";
import { addCounted, nothingCounted, type Counted } from "./counted.ts";
import { createMetrics } from "./metrics.ts";
import { writeMetrics } from "./metrics-text.ts";

function counted(...milliseconds: readonly number[]): Counted {
  const metrics = createMetrics();
  for (const time of milliseconds) {
    metrics.tell({ method: "a.B/C", code: "ok", milliseconds: time, requestId: "", request: undefined });
  }
  metrics.count("koder_id_things_total", "Things.");
  return metrics.counted();
}

test("what several processes counted is what one would have counted", () => {
  expect(addCounted(counted(2, 30), counted(4, 20_000))).toEqual({
    ...counted(2, 30, 4, 20_000),
    counters: { koder_id_things_total: { help: "Things.", value: 2 } },
  });
  expect(addCounted(nothingCounted, counted(2))).toEqual(counted(2));
  expect(addCounted(counted(2), nothingCounted)).toEqual(counted(2));
});

test("of gauges the greatest counts, label by label", () => {
  const lag = (values: Record<string, number>): Counted => ({
    ...nothingCounted,
    gauges: { lag: { help: "Late.", values } },
  });
  const together = addCounted(lag({ '{reader="a"}': 1, '{reader="b"}': 5 }), lag({ '{reader="a"}': 3 }));
  expect(writeMetrics(together, [])).toContain(
    '# HELP lag Late.\n# TYPE lag gauge\nlag{reader="a"} 3\nlag{reader="b"} 5\n',
  );
  expect(writeMetrics(lag({}), [])).not.toContain("lag");
});

test("the text says it once, with the memory of each process", () => {
  const text = writeMetrics(addCounted(counted(2), counted(40)), [
    { labels: 'process="primary"', residentMemory: 10 },
    { labels: 'process="1"', residentMemory: 20 },
  ]);
  expect(text).toContain('\nkoder_id_calls_total{method="a.B/C",code="ok"} 2\n');
  expect(text).toContain('\nkoder_id_call_seconds_bucket{method="a.B/C",le="0.0025"} 1\n');
  expect(text).toContain('\nkoder_id_call_seconds_bucket{method="a.B/C",le="+Inf"} 2\n');
  expect(text).toContain("\nkoder_id_things_total 2\n");
  expect(text).toContain(
    'process_resident_memory_bytes{process="primary"} 10\nprocess_resident_memory_bytes{process="1"} 20\n',
  );
  expect(writeMetrics(nothingCounted, [{ labels: "", residentMemory: 5 }])).toContain(
    "\nprocess_resident_memory_bytes 5\n",
  );
});
