import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { readExemptions } from "./exemptions.ts";
import { createGuardedConnect } from "./guarded-connect.ts";
import type { ResolveHost } from "./resolve-host.ts";

const soon = () => AbortSignal.timeout(500);
const guarded = (resolve: ResolveHost, exempt = "") =>
  createGuardedConnect({ exempt: exempt === "" ? [] : readExemptions(exempt), ports: [25, 587], resolve });

async function listening(): Promise<{ readonly port: number; readonly met: () => number }> {
  let met = 0;
  const server = createServer((socket) => {
    met += 1;
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, met: () => met };
}

test.each([
  [[]],
  [["127.0.0.1"]],
  [["10.1.2.3"]],
  [["169.254.169.254"]],
  [["1.1.1.1", "192.168.0.1"]],
  [["::1"]],
  [["::ffff:127.0.0.1"]],
  [["fd00::1"]],
])("A17: a name that leads to %j is not connected to", async (addresses) => {
  const connecting = guarded(async () => addresses).open({ host: "mail.acme.test", port: 25 }, soon());
  await expect(connecting).rejects.toMatchObject({ fault: "address" });
});

test.each(["127.0.0.1", "127.0.0.0x1", "0x7f.0.0.0x1", "2130706433", "mail.test/x@", "localhost:25#"])(
  "A17: %s is no way around it",
  async (host) => {
    const resolve = vi.fn<ResolveHost>(async () => ["127.0.0.1"]);
    await expect(guarded(resolve).open({ host, port: 25 }, soon())).rejects.toMatchObject({ fault: "address" });
  },
);

test("A17: no other port is reached, and an exemption is for its host and port alone", async () => {
  const { port, met } = await listening();
  const resolve = vi.fn<ResolveHost>(async () => ["127.0.0.1"]);
  const way = guarded(resolve, `localhost:${port}`);
  const open = (host: string, at: number) => way.open({ host, port: at }, soon());
  await expect(open("mail.acme.test", port)).rejects.toMatchObject({ fault: "port" });
  await expect(open("localhost.", port)).rejects.toMatchObject({ fault: "port" });
  await expect(open("localhost", 25)).rejects.toMatchObject({ fault: "address" });
  expect([way.mayReach({ host: "mail.acme.test", port }), met()]).toEqual([false, 0]);
  const { socket } = await open("localhost", port);
  socket.destroy();
  expect(way.mayReach({ host: "localhost", port })).toBe(true);
});

test("A17: a name is asked for once, and each of its addresses counts", async () => {
  const resolve = vi.fn<ResolveHost>(async () => ["1.1.1.1", "192.0.2.1"]);
  const opening = guarded(resolve).open({ host: "rebind.test", port: 25 }, soon());
  await expect(opening).rejects.toMatchObject({ fault: "address" });
  expect(resolve).toHaveBeenCalledTimes(1);
});

test("neither a name server nor a host is waited for beyond the signal", async () => {
  const silent = guarded(() => new Promise(() => undefined)).open(
    { host: "slow.test", port: 25 },
    AbortSignal.timeout(30),
  );
  await expect(silent).rejects.toMatchObject({ fault: "timeout" });
  const { port } = await listening();
  const { socket } = await guarded(async () => [], `localhost:${port}`).open(
    { host: "localhost", port },
    AbortSignal.timeout(50),
  );
  await new Promise((resolve) => socket.once("close", resolve));
  expect(socket.destroyed).toBe(true);
});
