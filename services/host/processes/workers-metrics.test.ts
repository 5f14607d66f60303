import { expect, test } from "vitest";
import { nothingCounted } from "../counted.ts";
import { createWorkersMetrics } from "./workers-metrics.ts";

const counted = (calls: number) => ({
  counted: { ...nothingCounted, calls: { 'code="ok"': calls } },
  residentMemory: 1,
});

test("a worker that ended takes nothing away of what was counted, and what it says late counts no more", () => {
  const metrics = createWorkersMetrics();
  const calls = () => Number(/koder_id_calls_total\{code="ok"\} (\d+)/.exec(metrics.text())?.[1] ?? 0);
  metrics.began(1, 1);
  metrics.began(2, 2);
  metrics.tell(1, counted(5));
  metrics.tell(2, counted(7));
  expect(calls()).toBe(12);
  metrics.tell(1, counted(6));
  expect(calls()).toBe(13);
  metrics.ended(1);
  metrics.tell(1, counted(60));
  expect(calls()).toBe(13);
  metrics.began(3, 1);
  metrics.tell(3, counted(2));
  expect(calls()).toBe(15);
  expect(metrics.text()).toContain("\nkoder_id_workers_ended_total 1\n");
  expect(metrics.text().match(/^process_resident_memory_bytes\{process="\w+"\}/gm)).toEqual([
    'process_resident_memory_bytes{process="primary"}',
    'process_resident_memory_bytes{process="2"}',
    'process_resident_memory_bytes{process="1"}',
  ]);
});
