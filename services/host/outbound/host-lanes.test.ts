import { describe, expect, test } from "vitest";
import { createHostLanes } from "./host-lanes.ts";

const never = new AbortController().signal;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("lanes", () => {
  test("a few at once to a host, the others one after another in their order, other hosts beside them", async () => {
    const lanes = createHostLanes({ perHost: 2, waiting: 2, overall: 10 });
    const order: string[] = [];
    const ends: (() => void)[] = [];
    const go = (host: string, name: string) =>
      lanes.run(host, never, () => {
        order.push(name);
        return new Promise<void>((resolve) => ends.push(resolve));
      });
    const all = [go("a", "1"), go("a", "2"), go("a", "3"), go("a", "4"), go("b", "5")];
    await turn();
    expect(order).toEqual(["1", "2", "5"]);
    await expect(go("a", "6")).rejects.toMatchObject({ fault: "busy" });
    ends[0]?.();
    await all[0];
    await turn();
    expect(order).toEqual(["1", "2", "5", "3"]);
    for (const end of ends) end();
    await all[2];
    await turn();
    expect(order).toEqual(["1", "2", "5", "3", "4"]);
    for (const end of ends) end();
    await Promise.all(all);
    const after = go("a", "7");
    await turn();
    for (const end of ends) end();
    await after;
  });

  test("all hosts together have a limit, too", async () => {
    const lanes = createHostLanes({ perHost: 2, waiting: 2, overall: 2 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = ["a", "b"].map((host) => lanes.run(host, never, () => promise));
    await expect(lanes.run("c", never, async () => 1)).rejects.toMatchObject({ fault: "busy" });
    resolve();
    await Promise.all(held);
    expect(await lanes.run("c", never, async () => 1)).toBe(1);
  });

  test("whoever waits gives up in time, and its place goes to nobody", async () => {
    const lanes = createHostLanes({ perHost: 1, waiting: 5, overall: 10 });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const held = lanes.run("a", never, () => promise);
    const impatient = new AbortController();
    const late = lanes.run("a", impatient.signal, async () => "late");
    const patient = lanes.run("a", never, async () => "patient");
    impatient.abort();
    await expect(late).rejects.toMatchObject({ fault: "timeout" });
    reject(new Error("broken"));
    await expect(held).rejects.toThrow("broken");
    expect(await patient).toBe("patient");
    resolve();
  });
});
