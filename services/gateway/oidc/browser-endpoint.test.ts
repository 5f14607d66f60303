import { afterAll, describe, expect, test } from "vitest";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { createHttpApp } from "../../host/http-app.ts";
import { mountBrowserEndpoint } from "./browser-endpoint.ts";

const faults: unknown[] = [];
const app = createHttpApp({
  onFault: (error, { id }) => faults.push([error, id]),
  sendAnswer: (_request, reply, { status, id }) => reply.code(status).send(`a page with ${id}`),
});
mountBrowserEndpoint(app, {
  path: "/here",
  showError: async (_request, reply, { status, reason, detail = "" }) =>
    reply.code(status).type("text/html").send(`page ${reason} ${detail}`),
  async read(_request, reply, form) {
    if (form.has("away")) throw failure(ErrorReason.UNAVAILABLE, "oauth is away");
    if (form.has("long")) throw failure(ErrorReason.INVALID_REQUEST, "state: is too long");
    if (form.has("fault")) throw new Error("ours");
    return reply.send("read");
  },
  sent: async (_request, reply, form) => reply.send(form === undefined ? "nothing" : `sent ${form.get("a")}`),
});
afterAll(() => app.close());

const form = "application/x-www-form-urlencoded";
const get = async (query: string) => answerOf(await app.inject(`/here${query}`));
const post = async (payload: string, type = form) =>
  answerOf(await app.inject({ method: "POST", url: "/here", payload, headers: { "content-type": type } }));
const answerOf = ({ statusCode, body }: { statusCode: number; body: string }) => `${statusCode} ${body}`;

describe("what an application sends a browser to", () => {
  test("is read by GET and by POST", async () => {
    expect([await get(""), await post("a=1"), answerOf(await app.inject({ method: "POST", url: "/here" }))]).toEqual([
      "200 read",
      "200 sent 1",
      "200 nothing",
    ]);
  });

  test("is not read by HEAD: a GET has effects", async () => {
    const { statusCode, body } = await app.inject({ method: "HEAD", url: "/here?fault" });
    expect([statusCode, body, faults]).toEqual([200, "", []]);
  });

  test("every refusal is a page that says what was wrong", async () => {
    expect([
      await get("?long"),
      await get("?away"),
      await get("?a=%ff"),
      await post("a=%"),
      await post(`a=${"x".repeat(65_536)}`),
      await post("{}", "application/json"),
    ]).toEqual([
      "400 page INVALID_REQUEST state: is too long",
      "503 page UNAVAILABLE ",
      expect.stringContaining("400 page INVALID_REQUEST a"),
      expect.stringContaining("400 page INVALID_REQUEST a"),
      "413 page BODY_TOO_LARGE the form is larger than 65536 bytes",
      "415 page UNSUPPORTED_MEDIA_TYPE the body must be application/x-www-form-urlencoded",
    ]);
    expect(faults).toEqual([]);
  });

  test("a fault of ours is reported, by the id that the person is shown", async () => {
    const shown = await get("?fault");
    expect(faults).toHaveLength(1);
    const [[error, id]] = faults as [[unknown, string]];
    expect([shown, error]).toEqual([`500 a page with ${id}`, new Error("ours")]);
  });
});
