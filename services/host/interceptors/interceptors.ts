import type { DescMethod } from "@bufbuild/protobuf";
import type { Validator } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import type { CredentialVerifier } from "../credentials/credential-verifier.ts";
import type { Tenants } from "../tenants.ts";
import { accessInterceptor } from "./access.ts";
import type { AccessRule } from "./access-rule.ts";
import { deadlineInterceptor } from "./deadline.ts";
import { errorMappingInterceptor, type Fault } from "./error-mapping.ts";
import { requestIdInterceptor } from "./request-id.ts";
import { serviceTokenInterceptor, type ServiceTokenVerifier } from "./service-token.ts";
import { telemetryInterceptor, type AnsweredCall } from "./telemetry.ts";
import { tenantInterceptor } from "./tenant.ts";
import { validationInterceptor } from "./validation.ts";

export interface InterceptorDependencies {
  readonly rules: ReadonlyMap<DescMethod, AccessRule>;
  readonly verifyServiceToken: ServiceTokenVerifier;
  readonly credentials: CredentialVerifier;
  readonly tenants: Tenants;
  readonly validator: Validator;
  readonly tell: (answered: AnsweredCall) => void;
  readonly report: (fault: Fault) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * The interceptors of a service, outermost first; the same list for its ports and for its local transport. The first two look
 * at the answer, so they stand around the others: whatever refuses a call, it is mapped and told of.
 */
export function serviceInterceptors(dependencies: InterceptorDependencies): Interceptor[] {
  const { clock } = dependencies;
  return [
    errorMappingInterceptor(dependencies.report),
    telemetryInterceptor(dependencies.tell),
    requestIdInterceptor(clock),
    deadlineInterceptor(clock),
    tenantInterceptor,
    serviceTokenInterceptor(dependencies.verifyServiceToken),
    accessInterceptor(dependencies),
    validationInterceptor(dependencies.validator),
  ];
}
