import { fromJson, type DescMessage, type JsonObject } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure, type FieldViolation } from "./failure.ts";
import { largestBody } from "./http-app.ts";
import { refusalWithId } from "./interceptors/error-mapping.ts";
import { holdsTimes, impossibleTime, wantedTime } from "./json-times.ts";
import { holdsKeys, privateMember, wantedPublicKey } from "./json-web-key.ts";

// What reads JSON takes 30 February for 2 March, and passes over the private part of a key, so that only the text of a request shows it.

/** What of a request says how its body is to be read. */
interface Sent {
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly raw: AsyncIterable<Uint8Array>;
}

/** Whether the JSON of a message can say what reading it does not tell. */
export const isLookedAt = (input: DescMessage): boolean => holdsTimes(input) || holdsKeys(input);

/**
 * A body as it comes, which ends with INVALID_REQUEST where its JSON has a point in time that no calendar has, or the private part of a
 * key; undefined where it is no JSON. Of a body that cannot be read, what reads it says what is wrong.
 */
export function withJsonChecked({ headers, raw }: Sent, input: DescMessage): AsyncGenerator<Uint8Array> | undefined {
  const contentType = String(headers["content-type"]);
  const isEnveloped = /^application\/grpc(?:-web)?\+json\b/i.test(contentType);
  if (!isEnveloped && !/^application\/json\b/i.test(contentType)) return undefined;
  const compression = String(headers[isEnveloped ? "grpc-encoding" : "content-encoding"] ?? "identity");
  return checked(raw, input, (body) => (isEnveloped ? ofEnvelope(body, compression) : inflated(body, compression)));
}

async function* checked(
  body: AsyncIterable<Uint8Array>,
  input: DescMessage,
  messageOf: (body: Buffer) => Promise<Uint8Array | undefined>,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
  checkJson(input, await messageOf(Buffer.concat(chunks)));
}

/** The same of a request in a query, as Connect has it of reads. */
export async function checkJsonOfQuery({ method: { input }, requestMethod, url }: HandlerContext): Promise<void> {
  if (requestMethod !== "GET" || !isLookedAt(input)) return;
  const query = new URL(url).searchParams;
  if (query.get("encoding") !== "json") return;
  const message = Buffer.from(query.get("message") ?? "", query.get("base64") === "1" ? "base64url" : "utf8");
  checkJson(input, await inflated(message, query.get("compression") ?? "identity"));
}

/** The one message of a call by gRPC: a byte that says whether it is compressed, its length in four, and its own bytes. */
async function ofEnvelope(body: Buffer, compression: string): Promise<Uint8Array | undefined> {
  if (body.length < 5) return undefined;
  const message = body.subarray(5, 5 + body.readUInt32BE(1));
  return body[0] === 0 ? message : inflated(message, compression);
}

/** What Connect takes where nothing else is said. */
const compressions = [compressionGzip, compressionBrotli];

async function inflated(bytes: Uint8Array, compression: string): Promise<Uint8Array | undefined> {
  if (compression === "identity") return bytes;
  try {
    return await compressions.find(({ name }) => name === compression)?.decompress(bytes, largestBody);
  } catch {
    return undefined;
  }
}

/** The days and hours that are not in every month and day, and members of private keys: whatever has none of them need not be read twice. */
const mayBeWrong = /-(?:29|3\d)[Tt]|[Tt]24:|"(?:d|p|q|dp|dq|qi|oth|k|priv)"\s*:/;

function checkJson(input: DescMessage, message: Uint8Array | undefined): void {
  const text = Buffer.from(message ?? []).toString();
  if (!mayBeWrong.test(text)) return;
  let json: JsonObject;
  try {
    json = JSON.parse(text) as JsonObject;
    fromJson(input, json, { ignoreUnknownFields: true });
  } catch {
    return; // What reads the request says what is wrong with it.
  }
  const [time, member] = [impossibleTime(input, json), privateMember(input, json)];
  const violations: FieldViolation[] = [];
  if (time !== undefined) violations.push({ field: time, description: wantedTime });
  if (member !== undefined) violations.push({ field: member, description: wantedPublicKey });
  if (violations.length === 0) return;
  const said = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw refusalWithId(failure(ErrorReason.INVALID_REQUEST, said, { violations }));
}
