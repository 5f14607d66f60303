import { create } from "@bufbuild/protobuf";
import { createClient, createRouterTransport, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { InvitationService } from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { CreateInvitationResponseSchema } from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { validationInterceptor } from "./validation.ts";

const transport = createRouterTransport(
  ({ service }) => {
    service(InvitationService, { createInvitation: () => create(CreateInvitationResponseSchema) });
  },
  { router: { interceptors: [validationInterceptor()] } },
);
const { createInvitation } = createClient(InvitationService, transport);
const answer = (email: string) =>
  createInvitation({ invitation: { email } }).then(
    () => "taken",
    (error: unknown) => ConnectError.from(error).rawMessage,
  );

test("addresses are taken whose domain is an internationalised one", async () => {
  expect(await answer("ana@example.com")).toBe("taken");
  expect(await answer("ana@münchen.example")).toBe("taken");
});

test("addresses are refused that are none, or that no mail can be sent to", async () => {
  expect(await answer("ana@mün chen.example")).toBe("invitation.email: must be a valid email address");
  expect(await answer("añá@example.com")).toBe(
    "invitation.email: must be an e-mail address with ASCII letters alone before the @: mail cannot be sent to others",
  );
});
