import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { mailedToken } from "../../support/dev-mail.ts";
import { rest, type Instance } from "../../support/relying-party.ts";
import type { CutWrite } from "./public-write.ts";

const secret = "another good pass phrase";

/** The invitation of an address, if it waits. */
async function waiting(server: Instance, email: string): Promise<string | undefined> {
  const { json } = await rest(server, "GET", "/v1/invitations?page_size=200");
  const all = (json["invitations"] ?? []) as readonly { readonly id: string; readonly email: string }[];
  return all.find((invitation) => invitation.email === email)?.id;
}

const send = async (server: Instance, id: string) =>
  (await rest(server, "POST", `/v1/invitations/${id}/resend`, {})).status;

const accept = async (server: Instance, token: string) =>
  (await rest(server, "POST", "/v1/auth/sign-up/confirm", { token, password: secret }, "")).status;

/** Invitations: kept by identity, mailed by auth. */
export const invitationWrites: readonly CutWrite[] = [
  {
    name: "Invite somebody",
    covers: ["koder.identity.v1.InvitationService/CreateInvitation"],
    order: ["identity", "auth"],
    prepare: async (server) => {
      const email = `${randomUUID()}@example.com`;
      const invite = async () => (await rest(server, "POST", "/v1/invitations", { email })).status;
      return {
        call: invite,
        // There is no account, mailed or not; and the address is invited once.
        async nothingOpen() {
          const { json } = await rest(server, "GET", `/v1/users?email=${email}`);
          expect(json["users"] ?? []).toEqual([]);
          expect(await invite()).toBe(409);
        },
        async heal() {
          expect(await send(server, (await waiting(server, email)) ?? "")).toBe(200);
          // Whether the first one was mailed as well, the last one is good.
          await expect
            .poll(async () => accept(server, await mailedToken(server, email)), { timeout: 20_000 })
            .toBe(200);
          expect(await waiting(server, email)).toBeUndefined();
        },
      };
    },
  },
  {
    name: "Send an invitation again",
    covers: ["koder.identity.v1.InvitationService/ResendInvitation"],
    order: ["auth", "identity"],
    async prepare(server) {
      const email = `${randomUUID()}@example.com`;
      const { json } = await rest(server, "POST", "/v1/invitations", { email });
      const first = await mailedToken(server, email);
      const call = () => send(server, String(json["id"]));
      return {
        call,
        // There is no account, and the invitation waits, by whichever of its links.
        async nothingOpen() {
          expect(await waiting(server, email)).toBe(json["id"]);
        },
        async heal() {
          expect(await call()).toBe(200);
          expect(await accept(server, first)).toBe(400);
          await expect
            .poll(async () => accept(server, await mailedToken(server, email, first)), { timeout: 20_000 })
            .toBe(200);
        },
      };
    },
  },
];
