import { create } from "@bufbuild/protobuf";
import { generateSync } from "otplib";
import {
  BeginPasskeyRegistrationRequestSchema,
  ConfirmTotpRequestSchema,
  DeleteFactorRequestSchema,
  EnrolTotpRequestSchema,
  FinishPasskeyRegistrationRequestSchema,
  GenerateRecoveryCodesRequestSchema,
  ListFactorsRequestSchema,
  ResetFactorsRequestSchema,
  UpdateFactorRequestSchema,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture } from "../auth-fixture.ts";
import type { AttemptPolicy } from "../attempts.ts";
import {
  softwareAuthenticator,
  type Making,
  type SoftwareAuthenticator,
} from "../../../tests/support/software-authenticator.ts";
import { beginPasskeyRegistration } from "./begin-passkey-registration.ts";
import { confirmTotp } from "./confirm-totp.ts";
import { deleteFactor } from "./delete-factor.ts";
import { enrolTotp } from "./enrol-totp.ts";
import { finishPasskeyRegistration } from "./finish-passkey-registration.ts";
import { generateRecoveryCodes } from "./generate-recovery-codes.ts";
import { listFactors } from "./list-factors.ts";
import { resetFactors } from "./reset-factors.ts";
import { updateFactor } from "./update-factor.ts";

/** Where the tenant of the fixture is: its canonical origin, and what passkeys are for. */
export const acme = { origin: "https://id.acme.test", rpId: "id.acme.test" } as const;

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

/** An API key that holds these permissions. */
export const holding = (...permissions: string[]): Calling => ({
  caller: { kind: "client", clientId: undefined, apiKeyId: "key", permissions: new Set(permissions), instance: false },
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
  const beginPasskey = (displayName = "", calling?: Calling) =>
    beginPasskeyRegistration(dependencies)(
      create(BeginPasskeyRegistrationRequestSchema, { userId: "me", displayName }),
      as(calling),
    );
  const finishPasskey = async (factorId: string, credentialJson: string, calling?: Calling) => {
    const request = create(FinishPasskeyRegistrationRequestSchema, { userId: "me", factorId, credentialJson });
    const { factor } = await finishPasskeyRegistration(dependencies)(request, as(calling));
    if (factor === undefined) throw new Error("no factor was answered");
    return factor;
  };
  /** The code that an app shows now, or `steps` later. */
  const codeOf = (secret: string, steps = 0) =>
    generateSync({ secret, epoch: Math.floor(dependencies.clock() / 1_000) + steps * 30 });
  return {
    ...f,
    enrol,
    confirm,
    codeOf,
    beginPasskey,
    finishPasskey,
    /** Adds a passkey of a new authenticator; answers both. */
    async passkey(making: Partial<Making> = {}, calling?: Calling) {
      const authenticator: SoftwareAuthenticator = softwareAuthenticator({ origin: acme.origin, ...making });
      const { factorId, optionsJson } = await beginPasskey("", calling);
      return { authenticator, factor: await finishPasskey(factorId, authenticator.create(optionsJson), calling) };
    },
    rename: async (factorId: string, displayName: string, calling?: Calling) => {
      const request = create(UpdateFactorRequestSchema, {
        userId: "me",
        factorId,
        factor: { displayName },
        updateMask: { paths: ["display_name"] },
      });
      return (await updateFactor(dependencies)(request, as(calling))).factor;
    },
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
