/** Headers between services. From the internet only `tenant` is passed on; whoever sends the others is not believed. */
export const internalHeaders = {
  /** Proves which service calls; see `vault/service-token.ts`. */
  serviceToken: "x-koder-service-token",
  /** ULID of the request that all of it belongs to. */
  requestId: "x-request-id",
  /** `<type>:<id>` of who is behind a service's call; believed only beside a service token. */
  actor: "x-koder-actor",
  /** Selects a tenant, for a credential with INSTANCE authority. */
  tenant: "x-koder-tenant",
  /** `<method> <path>` of the HTTP request that the gateway hands on; believed only beside a service token. */
  target: "x-koder-target",
  /** Address of the client that the gateway serves, as text; believed only beside a service token. */
  clientAddress: "x-koder-client-address",
  /** The bootstrap token, where `Authorization` is taken. */
  bootstrapToken: "x-koder-bootstrap-token",
} as const;
