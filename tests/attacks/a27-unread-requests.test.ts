import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/ts/google/rpc/status_pb.ts";
import { largestBody } from "../../services/host/http-app.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// What is no message of the method is refused before any credential is looked at, and like everything else that is refused: by a
// reason, and with an id. The status codes are those of gRPC.

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const unary = "koder.identity.v1.UserService/GetUser";
const stream = "koder.admin.v1.EventService/WatchEvents";

/** No field begins so. */
const noMessage = Buffer.from([0xff]);
const tooLarge = Buffer.alloc(largestBody + 1);

/** A message as gRPC and Connect's streams frame it. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

interface Refusal {
  readonly code: string | number;
  readonly reason: string;
  readonly id: string;
}

type SentHeaders = Readonly<Record<string, string>>;

async function post(path: string, contentType: string, body: Buffer, more: SentHeaders = {}): Promise<Response> {
  return fetch(`${server.url}/${path}`, {
    method: "POST",
    // Nobody reads the rest of what is too large.
    headers: {
      "content-type": contentType,
      authorization: `Bearer ${server.adminApiKey}`,
      connection: "close",
      ...more,
    },
    body: new Uint8Array(body),
  });
}

interface ConnectErrorJson {
  readonly code: string;
  readonly details?: readonly {
    readonly debug?: { readonly reason: string; readonly metadata: { readonly id: string } };
  }[];
}

function ofConnect({ code, details }: ConnectErrorJson): Refusal {
  const info = details?.[0]?.debug;
  return { code, reason: info?.reason ?? "", id: info?.metadata.id ?? "" };
}

async function byConnect(contentType: string, body: Buffer, more?: SentHeaders): Promise<Refusal> {
  return ofConnect((await (await post(unary, contentType, body, more)).json()) as ConnectErrorJson);
}

/** `frames` is what is sent, framed. */
async function byConnectStream(frames: Buffer, more?: SentHeaders): Promise<Refusal> {
  const answer = Buffer.from(await (await post(stream, "application/connect+proto", frames, more)).arrayBuffer());
  return ofConnect((JSON.parse(answer.subarray(5).toString()) as { readonly error: ConnectErrorJson }).error);
}

function ofGrpc(status: unknown, detailsBin: string | undefined): Refusal {
  const { details } = fromBinary(StatusSchema, Buffer.from(detailsBin ?? "", "base64"));
  const info = details[0] && anyUnpack(details[0], ErrorInfoSchema);
  return { code: Number(status), reason: info?.reason ?? "", id: info?.metadata["id"] ?? "" };
}

async function byGrpcWeb(frames: Buffer, more?: SentHeaders): Promise<Refusal> {
  const answer = await post(unary, "application/grpc-web+proto", frames, more);
  const trailer = Buffer.from(await answer.arrayBuffer())
    .subarray(5)
    .toString();
  const said = new Headers(
    trailer.split("\r\n").flatMap((line) => (line === "" ? [] : [line.split(/:\s*/, 2) as [string, string]])),
  );
  return ofGrpc(said.get("grpc-status"), said.get("grpc-status-details-bin") ?? undefined);
}

async function byGrpc(path: string, frames: Buffer, more?: SentHeaders): Promise<Refusal> {
  const session = connect(server.url);
  try {
    return await new Promise((resolve, reject) => {
      const call = session.request({
        ":method": "POST",
        ":path": `/${path}`,
        "content-type": "application/grpc+proto",
        te: "trailers",
        authorization: `Bearer ${server.adminApiKey}`,
        ...more,
      });
      const read = (headers: Readonly<Record<string, unknown>>): void => {
        if (headers["grpc-status"] === undefined) return;
        const details = headers["grpc-status-details-bin"];
        resolve(ofGrpc(headers["grpc-status"], typeof details === "string" ? details : undefined));
      };
      call.on("response", read).on("trailers", read).on("error", reject).resume();
      call.end(frames);
    });
  } finally {
    session.destroy();
  }
}

test.each<[what: string, body: Buffer, connectCode: string, grpcCode: number, reason: string, number: string]>([
  ["no message", noMessage, "invalid_argument", 3, "INVALID_REQUEST", "001"],
  ["a message that is too large", tooLarge, "resource_exhausted", 8, "BODY_TOO_LARGE", "017"],
])(
  "A27: %s is refused by each protocol, with a reason and an id",
  async (_what, body, connectCode, grpcCode, reason, number) => {
    const refusals = await Promise.all([
      byConnect("application/proto", body),
      byConnectStream(framed(body)),
      byGrpcWeb(framed(body)),
      byGrpc(unary, framed(body)),
      byGrpc(stream, framed(body)),
    ]);
    const id: unknown = expect.stringMatching(new RegExp(`^KID-GEN-${number}-[0-9A-HJKMNP-TV-Z]{6}$`));
    expect(refusals).toEqual([
      { code: connectCode, reason, id },
      { code: connectCode, reason, id },
      { code: grpcCode, reason, id },
      { code: grpcCode, reason, id },
      { code: grpcCode, reason, id },
    ]);
    expect(server.logs().filter((line) => line.includes("a fault of ours"))).toEqual([]);
  },
);

// Both protocols have the code UNIMPLEMENTED for it.
test("A27: what is not one message, or compressed as nobody knows, is refused by each protocol, with a reason and an id", async () => {
  const [one, none] = [framed(Buffer.alloc(0)), Buffer.alloc(0)];
  const two = Buffer.concat([one, one]);
  const squeezed = { "grpc-encoding": "squeezed" };
  const id: unknown = expect.stringMatching(/^KID-GEN-001-/);
  const byCode = { code: "unimplemented", reason: "INVALID_REQUEST", id };
  expect(
    await Promise.all([
      byConnect("application/proto", none, { "content-encoding": "squeezed" }),
      byConnectStream(one, { "connect-content-encoding": "squeezed" }),
      byConnectStream(none),
      byConnectStream(two),
    ]),
  ).toEqual(Array.from({ length: 4 }, () => byCode));
  const byNumber = { code: 12, reason: "INVALID_REQUEST", id };
  expect(
    await Promise.all([
      byGrpcWeb(one, squeezed),
      byGrpcWeb(none),
      byGrpcWeb(two),
      ...[unary, stream].flatMap((path) => [byGrpc(path, one, squeezed), byGrpc(path, none), byGrpc(path, two)]),
    ]),
  ).toEqual(Array.from({ length: 9 }, () => byNumber));
  const compressed = Buffer.concat([Buffer.from([1]), one.subarray(1)]);
  expect(await byGrpc(unary, compressed)).toEqual({ code: 3, reason: "INVALID_REQUEST", id });
  expect(server.logs().filter((line) => line.includes("a fault of ours"))).toEqual([]);
});

test("A27: what has no time from the start is not read, and told so with a reason and an id", async () => {
  const id: unknown = expect.stringMatching(/^KID-GEN-011-/);
  const [connectTime, grpcTime] = [{ "connect-timeout-ms": "0" }, { "grpc-timeout": "0m" }];
  expect(
    await Promise.all([
      byConnect("application/proto", noMessage, connectTime),
      byConnectStream(framed(noMessage), connectTime),
      byGrpc(unary, framed(noMessage), grpcTime),
    ]),
  ).toEqual([
    { code: "deadline_exceeded", reason: "DEADLINE_EXCEEDED", id },
    { code: "deadline_exceeded", reason: "DEADLINE_EXCEEDED", id },
    { code: 4, reason: "DEADLINE_EXCEEDED", id },
  ]);
});

test.each(["[]", "{", '{"userId":5}', '{"nobody":"x"}', '"\ud800"'])("A27: %s is no message in JSON", async (json) => {
  const id: unknown = expect.stringMatching(/^KID-GEN-001-/);
  expect(await byConnect("application/json", Buffer.from(json))).toEqual({
    code: "invalid_argument",
    reason: "INVALID_REQUEST",
    id,
  });
});

/** Sends a request and then another one on one connection, and answers with the status of both. */
async function statusesOf(path: string, contentType: string, body: Buffer): Promise<string[]> {
  const { hostname, port, host } = new URL(server.url);
  const socket = connectTcp(Number(port), hostname);
  try {
    let answers = "";
    socket.write(`POST /${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${contentType}\r\n`);
    socket.write(`transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write(`\r\n0\r\n\r\nGET /oauth/v2/keys HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    for await (const chunk of socket.setTimeout(10_000, () => socket.end())) answers += String(chunk);
    return [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = ""]) => status);
  } finally {
    socket.destroy();
  }
}

test.each([
  [unary, "application/proto", tooLarge, "429"],
  [unary, "application/grpc-web+proto", framed(tooLarge), "200"],
  [stream, "application/connect+proto", framed(tooLarge), "200"],
])("A27: what is too large keeps nothing else on its connection waiting: %s, %s", async (path, type, body, status) => {
  expect(await statusesOf(path, type, body)).toEqual([status, "200"]);
});
