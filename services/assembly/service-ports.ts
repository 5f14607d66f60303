import { publicServices } from "../gateway/public-services.ts";
import { mountRest } from "../gateway/rest/transcoder.ts";
import { createCredentialVerifier } from "../host/credentials/credential-verifier.ts";
import { createDpopVerifier } from "../host/dpop/dpop-verifier.ts";
import { accessRules } from "../host/interceptors/access-rule.ts";
import { serviceInterceptors, type InterceptorDependencies } from "../host/interceptors/interceptors.ts";
import { localRestCaller } from "../host/local-rest-caller.ts";
import type { ServiceKeys } from "../host/service-keys.ts";
import { createGrpcListener, createHttpListener, type HttpListenerOptions } from "../host/service-listener.ts";
import type { ServiceModule } from "../host/service-module.ts";
import { createLocalTransport } from "../host/transport/local-transport.ts";
import { createServiceTokenVerifier } from "../vault/service-token.ts";
import type { Vault } from "../vault/vault.ts";
import type { Rememberer } from "./background.ts";
import type { Ports } from "./ports.ts";
import type { ServiceCalls } from "./service-calls.ts";

/** What the ports of a service are made of, beside the service. */
export interface ServicePortsParts
  extends
    Pick<InterceptorDependencies, "tenants" | "validator" | "tell" | "report" | "clock">,
    Pick<HttpListenerOptions, "health" | "metrics" | "fault" | "host" | "tls" | "onFault"> {
  readonly vault: Vault;
  readonly calls: ServiceCalls;
  /** Of the services whose calls are taken. */
  readonly publicKeys: ServiceKeys["publicKeys"];
  /** Freezes the messages between services, so that a test sees whoever changes one. */
  readonly freeze: boolean;
}

/**
 * A service within its interceptors, at its two ports and for the other services of this process: whichever way a call comes, it
 * runs through the same ones. With what remembers something of the callers.
 */
export function createServicePorts(
  module: ServiceModule,
  parts: ServicePortsParts,
): { readonly ports: Ports; readonly rememberer: Rememberer } {
  const { name, implementations } = module;
  const { vault, calls, publicKeys, tenants, freeze, clock } = parts;
  const services = implementations.map(({ service }) => service);
  const peers = calls.peersOf(name);
  const dpop = createDpopVerifier({ vault, peers, clock });
  const credentials = createCredentialVerifier({ peers, tenants, dpop, clock });
  const interceptors = serviceInterceptors({
    ...parts,
    rules: accessRules(services),
    verifyServiceToken: createServiceTokenVerifier({ keys: publicKeys, audience: name, clock }),
    credentials,
  });
  const transport = createLocalTransport(module, { interceptors, freeze });
  calls.serveHere(name, transport);
  const restServices = services.filter((service) => publicServices.includes(service));
  const options = { ...parts, module, interceptors };
  return {
    ports: {
      name,
      grpc: createGrpcListener(options),
      http: createHttpListener({
        ...options,
        mountRest: (app) => mountRest(app, restServices, localRestCaller(transport)),
      }),
    },
    rememberer: credentials,
  };
}
