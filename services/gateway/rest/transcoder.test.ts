import { create } from "@bufbuild/protobuf";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { GroupService } from "#gen/koder/identity/v1/group_service_pb.ts";
import { createHttpApp } from "../../host/http-app.ts";
import { mountRest } from "./transcoder.ts";

const groupId = "01J9ZK3V5T8QW2X4Y6Z7ABCDEF";

/** Sends requests to the routes of groups; answers their status with the reason and what is said, or that the call was made. */
async function groupRoutes() {
  const app = createHttpApp({ onFault: (error) => expect.unreachable(String(error)) });
  let calls = 0;
  mountRest(app, [GroupService], (method) => {
    calls += 1;
    return Promise.resolve(create(method.output));
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  return async (method: string, headers: Readonly<Record<string, string>>, body?: string | Uint8Array<ArrayBuffer>) => {
    const before = calls;
    const answer = await fetch(`${url}/v1/groups/${groupId}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
    });
    if (calls > before) return "called";
    const { error } = (await answer.json()) as { error: { reason: string; message: string } };
    return `${answer.status} ${error.reason} ${error.message}`;
  };
}

test("a compressed body is refused as one, whatever is in it", async () => {
  const ask = await groupRoutes();
  const body = JSON.stringify({ name: "a" });
  const refused = "415 UNSUPPORTED_MEDIA_TYPE the body must not be compressed: send it without Content-Encoding";
  expect(await ask("PATCH", { "content-encoding": "gzip" }, new Uint8Array(gzipSync(body)))).toBe(refused);
  expect(await ask("PATCH", { "content-encoding": "br" }, body)).toBe(refused);
  expect(await ask("PATCH", { "content-encoding": "Identity" }, body)).toBe("called");
  expect(await ask("PATCH", {}, body)).toBe("called");
});

test("a change on a condition that is not read is not made without it", async () => {
  const ask = await groupRoutes();
  const body = JSON.stringify({ name: "a" });
  const refused = "400 INVALID_REQUEST If-Match is not read: send the etag as `etag`, in the body or in the query";
  expect(await ask("PATCH", { "if-match": '"v1"' }, body)).toBe(refused);
  expect(await ask("DELETE", { "if-match": "v1", "content-type": "" })).toBe(refused);
  // Whatever is there will do, and a read changes nothing.
  expect(await ask("PATCH", { "if-match": "*" }, body)).toBe("called");
  expect(await ask("GET", { "if-match": '"v1"' })).toBe("called");
});
