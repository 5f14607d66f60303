import { once } from "node:events";
import { createRouterTransport } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { EventService } from "../../gen/ts-public/koder/admin/v1/event_service_pb.ts";
import { createClient } from "./create-client.ts";

test("a stream ends when the loop over it is left, or its caller's signal aborts, and goes on otherwise", async () => {
  let open = 0;
  const wire = createRouterTransport(({ service }) => {
    service(EventService, {
      async *watchEvents(_request, { signal }) {
        open += 1;
        signal.addEventListener("abort", () => void (open -= 1));
        yield { resumeToken: "1" };
        yield { resumeToken: "2" };
        await once(signal, "abort");
      },
    });
  });
  const { watchEvents } = createClient(EventService, wire);
  const tokens: string[] = [];
  for await (const { resumeToken } of watchEvents({})) {
    tokens.push(resumeToken);
    expect(open).toBe(1);
    if (resumeToken === "2") break;
  }
  expect(tokens).toEqual(["1", "2"]);
  await vi.waitFor(() => expect(open).toBe(0));

  const caller = new AbortController();
  const watch = async () => {
    for await (const _ of watchEvents({}, { signal: caller.signal })) caller.abort();
  };
  await expect(watch()).rejects.toThrow("aborted");
  await vi.waitFor(() => expect(open).toBe(0));
});
