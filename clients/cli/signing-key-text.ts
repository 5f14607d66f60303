import { toJson } from "@bufbuild/protobuf";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { SigningKeySchema, SigningKeyState, type SigningKey } from "#gen/koder/oauth/v1/signing_key_pb.ts";

/** A time as people read it, in UTC. */
export const timeText = (time: Timestamp | undefined): string =>
  time === undefined ? "" : `${timestampDate(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** A signing key as the REST API shows it. */
export const signingKeyJson = (key: SigningKey): unknown => toJson(SigningKeySchema, key, { useProtoFieldName: true });

/** One line a key, by algorithm, in the order of their lives. */
export function signingKeyLines(keys: readonly SigningKey[]): string {
  if (keys.length === 0) return "There are no keys yet: the first one is made when it is needed.\n";
  const sorted = keys.toSorted((a, b) => (a.alg === b.alg ? a.state - b.state : a.alg < b.alg ? -1 : 1));
  return sorted.map((key) => `${key.kid}  ${key.alg.padEnd(5)}  ${fate(key)}\n`).join("");
}

function fate({ state, activateTime, retireTime, deleteTime }: SigningKey): string {
  switch (state) {
    case SigningKeyState.NEXT:
      return `next     signs from ${timeText(activateTime)}`;
    case SigningKeyState.CURRENT:
      return `current  signs since ${timeText(activateTime)}`;
    case SigningKeyState.RETIRED:
      return `retired  since ${timeText(retireTime)}, published until ${timeText(deleteTime)}`;
    default:
      return "does what this version of koder-id does not know";
  }
}
