import { randomInt } from "node:crypto";
import type { DescEnum } from "@bufbuild/protobuf";
import { AdminErrorReasonSchema } from "#gen/koder/admin/v1/errors_pb.ts";
import { AuthErrorReasonSchema } from "#gen/koder/auth/v1/errors_pb.ts";
import { IdentityErrorReasonSchema } from "#gen/koder/identity/v1/errors_pb.ts";
import { OauthErrorReasonSchema } from "#gen/koder/oauth/v1/errors_pb.ts";
import { ErrorReasonSchema } from "#gen/koder/options/v1/errors_pb.ts";
import { SessionErrorReasonSchema } from "#gen/koder/session/v1/errors_pb.ts";
import { reasonName } from "./failure.ts";

/** The closed lists of reasons, each with the category that an error id names it by. */
export const allReasons: readonly (readonly [category: string, reasons: DescEnum])[] = [
  ["GEN", ErrorReasonSchema],
  ["IDN", IdentityErrorReasonSchema],
  ["AUTH", AuthErrorReasonSchema],
  ["OAUTH", OauthErrorReasonSchema],
  ["SES", SessionErrorReasonSchema],
  ["ADM", AdminErrorReasonSchema],
];

/** `GEN-012` of INTERNAL, and so on. Names are unique across the lists: `error-id.test.ts` says so. */
const codes = new Map(
  allReasons.flatMap(([category, reasons]) =>
    reasons.values
      .filter(({ number }) => number !== 0)
      .map(({ number }) => [reasonName(reasons, number), `${category}-${String(number).padStart(3, "0")}`] as const),
  ),
);

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A new id for one occurrence of an error, `KID-<category>-<code>-<sequence>`: shown to people, and in the logs. */
export function errorId(reason: string): string {
  let sequence = "";
  for (let i = 0; i < 6; i++) sequence += alphabet.charAt(randomInt(alphabet.length));
  return `KID-${codes.get(reason) ?? "GEN-000"}-${sequence}`;
}
