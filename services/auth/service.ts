import { FactorService } from "#gen/koder/auth/v1/factor_service_pb.ts";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import type { AuthDependencies } from "./dependencies.ts";
import { confirmTotp } from "./factors/confirm-totp.ts";
import { deleteFactor } from "./factors/delete-factor.ts";
import { enrolTotp } from "./factors/enrol-totp.ts";
import { generateRecoveryCodes } from "./factors/generate-recovery-codes.ts";
import { listFactors } from "./factors/list-factors.ts";
import { resetFactors } from "./factors/reset-factors.ts";
import { createFlow } from "./flows/create-flow.ts";
import { submitNewPassword } from "./flows/submit-new-password.ts";
import { submitPassword } from "./flows/submit-password.ts";
import { submitRecoveryCode } from "./flows/submit-recovery-code.ts";
import { submitTotp } from "./flows/submit-totp.ts";

/** The auth service: authentication flows, factors, and the limits on attempts. */
export function createAuthService(dependencies: AuthDependencies): ServiceModule {
  return {
    name: "auth",
    implementations: [
      implementation(BrowserFlowService, {
        createFlow: createFlow(dependencies),
        submitPassword: submitPassword(dependencies),
        submitTotp: submitTotp(dependencies),
        submitRecoveryCode: submitRecoveryCode(dependencies),
        submitNewPassword: submitNewPassword(dependencies),
      }),
      implementation(FactorService, {
        listFactors: listFactors(dependencies),
        enrolTotp: enrolTotp(dependencies),
        confirmTotp: confirmTotp(dependencies),
        generateRecoveryCodes: generateRecoveryCodes(dependencies),
        deleteFactor: deleteFactor(dependencies),
        resetFactors: resetFactors(dependencies),
      }),
    ],
  };
}
