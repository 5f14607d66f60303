import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import type { AuthDependencies } from "./dependencies.ts";
import { createFlow } from "./flows/create-flow.ts";
import { submitNewPassword } from "./flows/submit-new-password.ts";
import { submitPassword } from "./flows/submit-password.ts";

/** The auth service: authentication flows and the limits on attempts. */
export function createAuthService(dependencies: AuthDependencies): ServiceModule {
  return {
    name: "auth",
    implementations: [
      implementation(BrowserFlowService, {
        createFlow: createFlow(dependencies),
        submitPassword: submitPassword(dependencies),
        submitNewPassword: submitNewPassword(dependencies),
      }),
    ],
  };
}
