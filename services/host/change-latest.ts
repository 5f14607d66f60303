import { ConnectError } from "@connectrpc/connect";
import { ErrorReason, ErrorReasonSchema } from "#gen/koder/options/v1/errors_pb.ts";
import { reasonName } from "./failure.ts";
import { errorInfoOf } from "./interceptors/error-mapping.ts";

/** How often a change is tried. Of those at once one is made at each try, so that as many as this come through. */
const mostTries = 20;

/** Makes a change, and all of it again while it fails because another one was faster. Throws what the last try throws. */
export async function triedAgain<Answer>(
  change: () => Promise<Answer>,
  isBeaten: (error: unknown) => boolean,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await change();
    } catch (error) {
      if (tries === mostTries || !isBeaten(error)) throw error;
    }
  }
}

const changedMeanwhile = reasonName(ErrorReasonSchema, ErrorReason.ETAG_MISMATCH);

/**
 * Makes a change that reads something, checks it, and commits only if it is still as it was read; `change` throws ETAG_MISMATCH where
 * it is not. An etag says which version the caller means; without one they mean the latest, so that all of `change` is done again
 * where somebody else was faster. Throws what the last try throws.
 */
export const changeLatest = <Answer>(etag: string | undefined, change: () => Promise<Answer>): Promise<Answer> =>
  triedAgain(change, (error) => !etag && isChangedMeanwhile(error));

const isChangedMeanwhile = (error: unknown): boolean =>
  error instanceof ConnectError && errorInfoOf(error)?.reason === changedMeanwhile;
