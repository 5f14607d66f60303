/** What every client offers, wherever it runs. */
export { Code, ConnectError, type CallOptions, type Client, type Transport } from "@connectrpc/connect";
export { SystemService } from "../../gen/ts-public/koder/admin/v1/system_service_pb.ts";
export { UserService } from "../../gen/ts-public/koder/identity/v1/user_service_pb.ts";
export { ClientService } from "../../gen/ts-public/koder/oauth/v1/client_service_pb.ts";
export { SessionService } from "../../gen/ts-public/koder/session/v1/session_service_pb.ts";
export { createClient } from "./create-client.ts";
export { errorId, errorMetadata, reason, requestId, retryAfterMs, violations, type Violation } from "./errors.ts";
export type { ClientOptions } from "./options.ts";
export { pages } from "./pages.ts";
export type { ErrorReason } from "./reasons.ts";
export type { KoderId } from "./services.ts";
export { staticToken, type TokenSource, type TokenSourceOption } from "./token-source.ts";
