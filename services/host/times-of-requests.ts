import { fromJson, type DescMessage, type JsonObject } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "./failure.ts";
import { refusalWithId } from "./interceptors/error-mapping.ts";
import { holdsTimes, impossibleTime, wantedTime } from "./json-times.ts";

// What reads JSON takes 30 February for 2 March, so that only the text of a request shows it. Of a compressed one it is not looked at.

/** A body of JSON as it comes, which ends with INVALID_REQUEST where it has a point in time that no calendar has. */
export async function* withTimesChecked(
  body: AsyncIterable<Uint8Array>,
  input: DescMessage,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
  checkTimes(input, Buffer.concat(chunks).toString());
}

/** The same of a request in a query, as Connect has it of reads. */
export function checkTimesOfQuery({ method: { input }, requestMethod, url }: HandlerContext): void {
  if (requestMethod !== "GET" || !holdsTimes(input)) return;
  const query = new URL(url).searchParams;
  const message = query.get("message") ?? "";
  if (query.get("encoding") !== "json" || query.has("compression")) return;
  checkTimes(input, query.get("base64") === "1" ? Buffer.from(message, "base64url").toString() : message);
}

/** Whether a request is one of Connect's JSON that is not compressed. */
export const isPlainJson = ({ headers }: { readonly headers: NodeJS.Dict<string | string[]> }): boolean =>
  /^application\/json\b/i.test(String(headers["content-type"])) && headers["content-encoding"] === undefined;

/** The days and hours that are not in every month and day: whatever has none of them need not be read twice. */
const mayBeImpossible = /-(?:29|3\d)[Tt]|[Tt]24:/;

function checkTimes(input: DescMessage, text: string): void {
  if (!mayBeImpossible.test(text)) return;
  let json: JsonObject;
  try {
    json = JSON.parse(text) as JsonObject;
    fromJson(input, json, { ignoreUnknownFields: true });
  } catch {
    return; // What reads the request says what is wrong with it.
  }
  const field = impossibleTime(input, json);
  if (field === undefined) return;
  const violations = [{ field, description: wantedTime }];
  throw refusalWithId(failure(ErrorReason.INVALID_REQUEST, `${field}: ${wantedTime}`, { violations }));
}
