import type { Factor, FactorSchema, Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Stored } from "../../store/store.ts";

/** A factor that is a passkey. */
export interface PasskeyFactor {
  readonly factor: Factor;
  readonly passkey: Passkey;
  /** Of the factor's record. */
  readonly version: number;
}

/** Those of a person's factors that are passkeys. */
export const passkeysAmong = (factors: readonly Stored<typeof FactorSchema>[]): PasskeyFactor[] =>
  factors.flatMap(({ record, version }) =>
    record.kind.case === "passkey" ? [{ factor: record, passkey: record.kind.value, version }] : [],
  );
