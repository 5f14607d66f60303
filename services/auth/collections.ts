import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  EnrolmentSchema,
  FactorSchema,
  FactorUseSchema,
  RecoveryCodesSchema,
} from "#gen/koder/auth/store/v1/factor_pb.ts";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { Collection } from "../store/store.ts";

/** Authentication flows under way and just ended. */
export const flows: Collection<typeof FlowSchema> = {
  name: "auth_flows",
  schema: FlowSchema,
  id: (flow) => flow.idHash,
  expiresAt: (flow) => (flow.expireTime ? timestampMs(flow.expireTime) : undefined),
  events: "required",
};

/** The factors of people, found by their user. */
export const factors: Collection<typeof FactorSchema> = {
  name: "auth_factors",
  schema: FactorSchema,
  id: (factor) => factor.id,
  indexes: { user_id: { type: "text", value: (factor) => factor.userId } },
  events: "required",
};

/** What changes with each use of a factor: one row each, made and removed with it. */
export const factorUses: Collection<typeof FactorUseSchema> = {
  name: "auth_factor_uses",
  schema: FactorUseSchema,
  id: (use) => use.factorId,
  events: "none", // one-time codes, and last-use times
};

/** Factors to be, until their person shows that they have them. */
export const enrolments: Collection<typeof EnrolmentSchema> = {
  name: "auth_enrolments",
  schema: EnrolmentSchema,
  id: (enrolment) => enrolment.id,
  expiresAt: (enrolment) => (enrolment.expireTime ? timestampMs(enrolment.expireTime) : undefined),
  events: "none", // they expire by themselves, and nothing counts until then
};

/** What is left of people's recovery codes: one row for a person. */
export const recoveryCodes: Collection<typeof RecoveryCodesSchema> = {
  name: "auth_recovery_codes",
  schema: RecoveryCodesSchema,
  id: (codes) => codes.userId,
  events: "required",
};

/** Everything that the auth service stores. */
export const authCollections: readonly Collection[] = [flows, factors, factorUses, enrolments, recoveryCodes];
