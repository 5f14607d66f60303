import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";

/** The telephone of a request: needed for SMS, and of no use for mail. Throws INVALID_REQUEST. */
export function checkedPhone({
  channel,
  phoneNumber,
}: {
  readonly channel: OtpChannel;
  readonly phoneNumber: string;
}): string {
  if ((channel === OtpChannel.SMS) === (phoneNumber !== "")) return phoneNumber;
  const description = channel === OtpChannel.SMS ? "must be set for codes by SMS" : "must not be set for codes by mail";
  throw failure(ErrorReason.INVALID_REQUEST, `phone_number: ${description}`, {
    violations: [{ field: "phone_number", description }],
  });
}
