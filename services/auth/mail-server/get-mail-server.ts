import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetMailServerResponseSchema,
  type GetMailServerRequest,
  type GetMailServerResponse,
} from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailServerMessage, readMailServer } from "./mail-server.ts";

/** The server that the tenant's mails go out by. */
export function getMailServer({ store }: Pick<AuthDependencies, "store">) {
  return async (_request: GetMailServerRequest, context: HandlerContext): Promise<GetMailServerResponse> => {
    const stored = await readMailServer(store.tenant(callOf(context).tenantId));
    return create(GetMailServerResponseSchema, { mailServer: mailServerMessage(stored) });
  };
}
