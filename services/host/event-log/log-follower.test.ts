import { describe, expect, test } from "vitest";
import { eventLogFixture, soon, stores } from "./event-log-fixture.ts";

describe.each(stores)("a follower on $name", ({ url }) => {
  test("is told of everything from its start on", async () => {
    const { system, sequencer, follower, happen, metric } = await eventLogFixture(await url());
    sequencer();
    await happen(5);
    await soon(async () => expect(await system.logEnd()).toBe(5));
    const seen: string[] = [];
    await follower([({ event }) => void seen.push(event.id)]);
    const news = await happen(600);
    await soon(() => expect(seen).toEqual(news));
    expect(metric("koder_id_log_reader_position")).toBe(605);
  });
});

test("a listener that throws keeps neither the others nor later events from being told", async () => {
  const { sequencer, follower, happen, lines } = await eventLogFixture("memory:");
  sequencer();
  const [seen, tried]: string[][] = [[], []];
  await follower([
    ({ event }) => {
      tried?.push(event.id);
      throw new Error("a fault of ours");
    },
    ({ event }) => void seen?.push(event.id),
  ]);
  const ids = await happen(3);
  await soon(() => expect(seen).toEqual(ids));
  expect(tried).toEqual(ids);
  expect(lines.map(({ level, fields }) => [level, fields["event"]])).toEqual(ids.map((id) => ["error", id]));
});
