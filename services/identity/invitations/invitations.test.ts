import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { OpenAccountRequestSchema } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import {
  CreateInvitationRequestSchema,
  ListInvitationsRequestSchema,
  ResendInvitationRequestSchema,
  RevokeInvitationRequestSchema,
} from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import { remove, replace } from "../../store/writes.ts";
import { groups, invitations, users } from "../collections.ts";
import { createGroup } from "../groups/create-group.ts";
import { CreateGroupRequestSchema } from "#gen/koder/identity/v1/group_service_pb.ts";
import { goodPassword, refusal } from "../identity-fixture.ts";
import { openAccount } from "../mailbox/open-account.ts";
import { holderOf, roleFixture } from "../roles/role-fixture.ts";
import { userSubject } from "../roles/subject.ts";
import { createInvitation } from "./create-invitation.ts";
import { invitationLifetimes } from "./invitation-lifetimes.ts";
import { listInvitations } from "./list-invitations.ts";
import { resendInvitation } from "./resend-invitation.ts";
import { revokeInvitation } from "./revoke-invitation.ts";

const email = "Bea@Example.com";

async function withInvitations() {
  const f = await roleFixture();
  const service = f.context({ caller: { kind: "service", service: "auth" } });
  type Asked = { email?: string; locale?: string; roleIds?: string[]; groupIds?: string[]; name?: string };
  const invite = async (asked: Asked = {}, overrides: Partial<Call> = {}, requestId = "") => {
    const request = create(CreateInvitationRequestSchema, { invitation: { email, ...asked }, requestId });
    const { invitation } = await createInvitation(f.dependencies)(request, f.context(overrides));
    if (invitation === undefined) throw new Error("no invitation was answered");
    return invitation;
  };
  const resend = (invitationId: string, overrides: Partial<Call> = {}) =>
    resendInvitation(f.dependencies)(create(ResendInvitationRequestSchema, { invitationId }), f.context(overrides));
  const revoke = (invitationId: string) =>
    revokeInvitation(f.dependencies)(create(RevokeInvitationRequestSchema, { invitationId }), f.context());
  const list = async () =>
    (await listInvitations(f.dependencies)(create(ListInvitationsRequestSchema), f.context())).invitations;
  /** Accepts by the link of a mail: the last one, unless told otherwise. */
  const accept = async (mail = f.mailer.mailed.at(-1)) => {
    if (mail === undefined) throw new Error("nobody was mailed");
    const { userId, invitationId, link: invitationLink } = mail;
    const account = { userId, invitationId, invitationLink, email: mail.email, name: "Bea", password: goodPassword };
    const { opened } = await openAccount(f.dependencies)(create(OpenAccountRequestSchema, account), service);
    return { opened, userId };
  };
  const group = async (name: string) => {
    const request = create(CreateGroupRequestSchema, { group: { name } });
    return (await createGroup(f.dependencies)(request, f.context())).group?.id ?? "";
  };
  /** A user with a role, as they call. */
  const inviter = async (username: string, roleId: string) => {
    const user = await f.user({ username });
    const assignment = await f.assign(roleId, userSubject(user.id));
    const { permissions } = await f.dependencies.authorities.of("t1", userSubject(user.id));
    const scopes = new Set(["users.write", "roles.assign", ...permissions]);
    const caller = {
      kind: "user" as const,
      userId: user.id,
      clientId: "console",
      sessionId: "s1",
      scopes,
      permissions,
      instance: false,
      authTime: 0,
    };
    return { user, assignment, calls: { caller, actor: { id: user.id, type: ActorType.USER } } };
  };
  return { f, invite, resend, revoke, list, accept, group, inviter };
}

describe("an invitation", () => {
  test("gives an account with what it says, in one commit, once", async () => {
    const { f, invite, accept, list, group } = await withInvitations();
    const groupId = await group("readers");
    const invitation = await invite({ name: "Bea Bell", roleIds: ["support"], groupIds: [groupId] });
    expect(f.mailer.mailed[0]).toMatchObject({ invitationId: invitation.id, email, link: 1n, name: "Bea Bell" });
    expect(await list()).toEqual([invitation]);
    const { opened, userId } = await accept();
    expect(opened).toBe(true);
    expect((await f.data.get(users, userId))?.record).toMatchObject({ email, emailVerified: true, name: "Bea" });
    const { roles, groups: in_ } = await f.dependencies.authorities.of("t1", userSubject(userId));
    expect([roles.map(({ id }) => id), in_.map(({ id }) => id)]).toEqual([["support"], [groupId]]);
    expect(await list()).toEqual([]);
    expect((await accept()).opened).toBe(false);
    const told = (await f.events()).map(({ payload }) => payload);
    expect(told.slice(-4).map((payload) => payload.case)).toEqual([
      "userCreated",
      "invitationChanged",
      "roleAssigned",
      "groupMemberAdded",
    ]);
    expect(JSON.stringify(told)).not.toMatch(/example\.com/i);
  });

  test("A24: of ten who accept at once one does", async () => {
    const { invite, accept } = await withInvitations();
    await invite();
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept()));
    expect(answers.filter(({ opened }) => opened)).toHaveLength(1);
  });

  test("that was sent again is good by its last link alone, and for seven days more", async () => {
    const { f, invite, resend, accept } = await withInvitations();
    const { id } = await invite();
    f.advance(invitationLifetimes.link);
    expect((await accept()).opened).toBe(false);
    await resend(id);
    expect((await accept(f.mailer.mailed[0])).opened).toBe(false);
    f.advance(invitationLifetimes.link - 1);
    expect((await accept()).opened).toBe(true);
  });

  test("that was revoked, or that somebody else's address has taken, gives nothing", async () => {
    const { f, invite, revoke, resend, accept } = await withInvitations();
    const { id } = await invite();
    await revoke(id);
    expect((await accept()).opened).toBe(false);
    expect(await refusal(resend(id))).toMatchObject({ reason: "INVITATION_NOT_FOUND" });
    expect(await refusal(revoke(id))).toMatchObject({ reason: "INVITATION_NOT_FOUND" });
    await invite();
    await f.user({ username: "bea", email: "bea@example.com" });
    expect(await refusal(accept())).toMatchObject({ reason: "EMAIL_TAKEN" });
    expect(await refusal(invite())).toMatchObject({ reason: "EMAIL_TAKEN" });
  });

  test("is one for an address, whatever its case; a repeat of the request answers the first and mails nobody", async () => {
    const { f, invite } = await withInvitations();
    const requestId = "0b6f2a52-52a5-4b0a-9c2f-0f6f5a5f5a5f";
    const first = await invite({}, {}, requestId);
    expect(await invite({}, {}, requestId)).toEqual(first);
    expect(f.mailer.mailed).toHaveLength(1);
    expect(await refusal(invite({ email: "bea@example.COM" }))).toMatchObject({ reason: "INVITATION_EXISTS" });
  });

  test("is answered again to a repeat of its request, whatever became of its groups and roles", async () => {
    const { f, invite, group } = await withInvitations();
    const { id: roleId } = await f.role({ name: "helper", permissions: ["users.read"] });
    const asked = { roleIds: [roleId], groupIds: [await group("readers")] };
    const requestId = "0b6f2a52-52a5-4b0a-9c2f-0f6f5a5f5a5f";
    const first = await invite(asked, {}, requestId);
    await f.deleteRole(roleId);
    const { items } = await f.data.page(groups, { index: "id", limit: 1 });
    await f.data.commit(
      items.map((stored) => remove(groups, stored)),
      (await f.events()).slice(0, 1),
    );
    expect(await invite(asked, {}, requestId)).toEqual(first);
    expect(await refusal(invite({ ...asked, email: "dan@example.com" }))).toMatchObject({ reason: "ROLE_NOT_FOUND" });
  });

  test("that could not be mailed is there, and can be sent again", async () => {
    const { f, invite, resend, list, accept } = await withInvitations();
    f.mailer.isAway = true;
    await expect(invite()).rejects.toThrow("away");
    f.mailer.isAway = false;
    const [waiting] = await list();
    await resend(waiting?.id ?? "");
    expect((await accept()).opened).toBe(true);
  });

  test("that could not be mailed is mailed by a repeat of its request, once", async () => {
    const { f, invite, accept } = await withInvitations();
    const requestId = "0b6f2a52-52a5-4b0a-9c2f-0f6f5a5f5a5f";
    f.mailer.isAway = true;
    await expect(invite({}, {}, requestId)).rejects.toThrow("away");
    f.mailer.isAway = false;
    const { id } = await invite({}, {}, requestId);
    await invite({}, {}, requestId);
    expect(f.mailer.mailed).toMatchObject([{ invitationId: id, link: 1n }]);
    expect((await accept()).opened).toBe(true);
    expect((await invite({}, {}, requestId)).id).toBe(id);
    expect(f.mailer.mailed).toHaveLength(1);
  });

  test("stays as it was where it is not sent again", async () => {
    const { f, invite, resend, list, accept } = await withInvitations();
    const invitation = await invite();
    f.advance(1_000);
    f.mailer.refuses = true;
    await expect(resend(invitation.id)).rejects.toThrow("too many mails");
    expect(await list()).toEqual([invitation]);
    expect((await accept()).opened).toBe(true);
  });

  test("passes over a role or a group that is gone by then", async () => {
    const { f, invite, accept, group } = await withInvitations();
    const groupId = await group("readers");
    const { id: roleId } = await f.role({ name: "helper", permissions: ["users.read"] });
    await invite({ roleIds: [roleId, "support"], groupIds: [groupId] });
    await f.deleteRole(roleId);
    const stored = await f.data.get(groups, groupId);
    if (stored === undefined) throw new Error("no group");
    await f.data.commit([remove(groups, stored)], (await f.events()).slice(0, 1));
    const { opened, userId } = await accept();
    expect(opened).toBe(true);
    const { roles } = await f.dependencies.authorities.of("t1", userSubject(userId));
    expect(roles.map(({ id }) => id)).toEqual(["support"]);
  });
});

describe("A14: nobody invites to more than they have", () => {
  test("a role needs the right to give it, and all that it permits", async () => {
    const { f, invite, group } = await withInvitations();
    const denied = { reason: "PERMISSION_DENIED" };
    expect(await refusal(invite({ roleIds: ["owner"] }, holderOf("users.write", "roles.assign")))).toMatchObject(
      denied,
    );
    const { id: reader } = await f.role({ name: "reader", permissions: ["users.read"] });
    expect(await refusal(invite({ roleIds: [reader] }, holderOf("users.write", "users.read")))).toMatchObject(denied);
    const groupId = await group("powerful");
    await f.assign("owner", `group/${groupId}`);
    expect(await refusal(invite({ groupIds: [groupId] }, holderOf("users.write", "groups.write")))).toMatchObject(
      denied,
    );
    expect(await refusal(invite({ roleIds: ["nothing"] }))).toMatchObject({ reason: "ROLE_NOT_FOUND" });
    const noGroup = "01JBEA00000000000000000000";
    expect(await refusal(invite({ groupIds: [noGroup] }))).toMatchObject({ reason: "GROUP_NOT_FOUND" });
    expect(f.mailer.mailed).toEqual([]);
    await invite({ roleIds: [reader] }, holderOf("users.write", "users.read", "roles.assign"));
  });

  test("who lost the right, or may not sign in any more, leaves no door behind", async () => {
    const { f, invite, accept, inviter } = await withInvitations();
    const first = await inviter("ana", "owner");
    await invite({ roleIds: ["owner"] }, first.calls);
    await f.unassign("owner", first.assignment.id);
    expect((await accept()).opened).toBe(false);
    const second = await inviter("cid", "owner");
    await invite({ email: "dan@example.com", roleIds: ["owner"] }, second.calls);
    const stored = await f.data.get(users, second.user.id);
    if (stored === undefined) throw new Error("no user");
    const disabled = create(UserSchema, { ...stored.record, status: UserStatus.DISABLED });
    await f.data.commit([replace(users, disabled, stored.version)], (await f.events()).slice(0, 1));
    expect((await accept()).opened).toBe(false);
    expect((await f.data.page(invitations, { index: "id", limit: 10 })).items).toHaveLength(2);
  });

  test("who sends one again stands for it, and must be able to give what it gives", async () => {
    const { f, invite, resend, accept, inviter } = await withInvitations();
    const first = await inviter("ana", "owner");
    const { id } = await invite({ roleIds: ["owner"] }, first.calls);
    expect(await refusal(resend(id, holderOf("users.write", "roles.assign")))).toMatchObject({
      reason: "PERMISSION_DENIED",
    });
    await f.unassign("owner", first.assignment.id);
    const second = await inviter("cid", "owner");
    await resend(id, second.calls);
    expect((await accept()).opened).toBe(true);
  });
});

test("a language that is none is refused by its name", async () => {
  const { invite } = await withInvitations();
  expect(await refusal(invite({ locale: "not a locale!!" }))).toMatchObject({
    reason: "INVALID_REQUEST",
    fields: ["invitation.locale"],
  });
});
