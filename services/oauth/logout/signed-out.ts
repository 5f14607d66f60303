import { create } from "@bufbuild/protobuf";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { SignedOutSchema, type LogoutRedirect, type SignedOut } from "#gen/koder/oauth/v1/logout_internal_pb.ts";

/** What the page shows to somebody who is signed out and is not led on by themselves. */
export const signedOut = (client: Client | undefined, back: LogoutRedirect | undefined, fault: string): SignedOut =>
  create(SignedOutSchema, {
    clientName: client?.clientName || (client?.clientId ?? ""),
    fault,
    ...(back === undefined ? {} : { back }),
  });
