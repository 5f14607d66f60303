import { create } from "@bufbuild/protobuf";
import { generateSync } from "otplib";
import {
  ConfirmTotpRequestSchema,
  DeleteFactorRequestSchema,
  EnrolTotpRequestSchema,
  GenerateRecoveryCodesRequestSchema,
  ListFactorsRequestSchema,
  ResetFactorsRequestSchema,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture } from "../auth-fixture.ts";
import type { AttemptPolicy } from "../attempts.ts";
import { confirmTotp } from "./confirm-totp.ts";
import { deleteFactor } from "./delete-factor.ts";
import { enrolTotp } from "./enrol-totp.ts";
import { generateRecoveryCodes } from "./generate-recovery-codes.ts";
import { listFactors } from "./list-factors.ts";
import { resetFactors } from "./reset-factors.ts";

type Calling = Pick<Call, "caller" | "actor">;

/** A person who calls for themselves. */
export const person = (userId: string): Calling => ({
  caller: {
    kind: "user",
    userId,
    clientId: "c",
    sessionId: "s",
    scopes: new Set(),
    permissions: new Set(),
    instance: false,
    authTime: 0,
  },
  actor: { id: userId, type: ActorType.USER },
});

/** An administrator's API key, of the tenant or of the instance. */
export const administrator = (instance = false): Calling => ({
  caller: { kind: "client", clientId: undefined, apiKeyId: "key", permissions: new Set(["*"]), instance },
  actor: { id: "key", type: ActorType.API_KEY },
});

/** The auth service's use cases, those of factors included, with one person `ana` who calls for herself unless told otherwise. */
export async function factorFixture(attempts: Partial<AttemptPolicy> = {}) {
  const f = await authFixture(attempts);
  const { dependencies, ana } = f;
  const as = (calling: Calling = person(ana.id)) => handlerContext(calling);
  const enrol = (displayName = "My phone", calling?: Calling) =>
    enrolTotp(dependencies)(create(EnrolTotpRequestSchema, { userId: "me", displayName }), as(calling));
  const confirm = (factorId: string, code: string, calling?: Calling) =>
    confirmTotp(dependencies)(create(ConfirmTotpRequestSchema, { userId: "me", factorId, code }), as(calling));
  /** The code that an app shows now, or `steps` later. */
  const codeOf = (secret: string, steps = 0) =>
    generateSync({ secret, epoch: Math.floor(dependencies.clock() / 1_000) + steps * 30 });
  return {
    ...f,
    enrol,
    confirm,
    codeOf,
    /** Adds an app with a code of the past, so that the present one is still good; answers its id and secret. */
    async app(displayName?: string) {
      const { factorId, secret } = await enrol(displayName);
      await confirm(factorId, codeOf(secret, -1));
      return { factorId, secret };
    },
    generateCodes: async () => {
      const request = create(GenerateRecoveryCodesRequestSchema, { userId: "me" });
      return (await generateRecoveryCodes(dependencies)(request, as())).recoveryCodes;
    },
    list: (userId = "me", calling?: Calling) =>
      listFactors(dependencies)(create(ListFactorsRequestSchema, { userId }), as(calling)),
    remove: (factorId: string, userId = "me", calling?: Calling) =>
      deleteFactor(dependencies)(create(DeleteFactorRequestSchema, { userId, factorId }), as(calling)),
    reset: (userId = "me", calling?: Calling) =>
      resetFactors(dependencies)(create(ResetFactorsRequestSchema, { userId }), as(calling)),
    /** A flow that stands before the second factor. */
    async atSecondFactor() {
      const { flow } = await f.attempt("ana", ana.password);
      if (flow === undefined) throw new Error("no flow was answered");
      return flow;
    },
  };
}
