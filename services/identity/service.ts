import { AttributeSchemaService } from "#gen/koder/identity/v1/attribute_schema_service_pb.ts";
import { AttributeLookupService } from "#gen/koder/identity/v1/attribute_lookup_internal_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { GroupService } from "#gen/koder/identity/v1/group_service_pb.ts";
import { PasswordPolicyService } from "#gen/koder/identity/v1/password_policy_service_pb.ts";
import { RoleService } from "#gen/koder/identity/v1/role_service_pb.ts";
import { AccountOpeningService } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import { InvitationService } from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UsernamePolicyService } from "#gen/koder/identity/v1/username_policy_service_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import { findAttributes } from "./attributes/find-attributes.ts";
import { getAttributeSchema } from "./attributes/get-attribute-schema.ts";
import { updateAttributeSchema } from "./attributes/update-attribute-schema.ts";
import { updateUserAttributes } from "./attributes/update-user-attributes.ts";
import { changePassword } from "./credentials/change-password.ts";
import { createOwner } from "./credentials/create-owner.ts";
import { finishVoiding } from "./credentials/finish-voiding.ts";
import { getAuthority } from "./credentials/get-authority.ts";
import { getClaims } from "./credentials/get-claims.ts";
import { getGroupsOfUser } from "./credentials/get-groups-of-user.ts";
import { judgePassword } from "./credentials/judge-password.ts";
import { resolveLogin } from "./credentials/resolve-login.ts";
import { verifyPassword } from "./credentials/verify-password.ts";
import type { IdentityDependencies } from "./dependencies.ts";
import { addGroupMember } from "./groups/add-group-member.ts";
import { createGroup } from "./groups/create-group.ts";
import { deleteGroup } from "./groups/delete-group.ts";
import { findGroups } from "./groups/find-groups.ts";
import { finishGroupDeletion } from "./groups/finish-group-deletion.ts";
import { getGroup } from "./groups/get-group.ts";
import { listGroupMembers } from "./groups/list-group-members.ts";
import { listGroups } from "./groups/list-groups.ts";
import { removeGroupMember } from "./groups/remove-group-member.ts";
import { updateGroup } from "./groups/update-group.ts";
import { getPasswordPolicy } from "./passwords/get-password-policy.ts";
import { updatePasswordPolicy } from "./passwords/update-password-policy.ts";
import { checkPermission } from "./roles/check-permission.ts";
import { createRole } from "./roles/create-role.ts";
import { createRoleAssignment } from "./roles/create-role-assignment.ts";
import { deleteRole } from "./roles/delete-role.ts";
import { deleteRoleAssignment } from "./roles/delete-role-assignment.ts";
import { finishClientDeletion } from "./roles/finish-client-deletion.ts";
import { finishRoleDeletion } from "./roles/finish-role-deletion.ts";
import { getRole } from "./roles/get-role.ts";
import { listEffectivePermissions } from "./roles/list-effective-permissions.ts";
import { listRoleAssignments } from "./roles/list-role-assignments.ts";
import { listRoles } from "./roles/list-roles.ts";
import { updateRole } from "./roles/update-role.ts";
import { createInvitation } from "./invitations/create-invitation.ts";
import { getInvitation } from "./invitations/get-invitation.ts";
import { listInvitations } from "./invitations/list-invitations.ts";
import { resendInvitation } from "./invitations/resend-invitation.ts";
import { revokeInvitation } from "./invitations/revoke-invitation.ts";
import { changeEmail } from "./mailbox/change-email.ts";
import { checkNewPassword } from "./mailbox/check-new-password.ts";
import { getMailbox } from "./mailbox/get-mailbox.ts";
import { openAccount } from "./mailbox/open-account.ts";
import { resetPassword } from "./mailbox/reset-password.ts";
import { verifyEmail } from "./mailbox/verify-email.ts";
import { getUsernamePolicy } from "./usernames/get-username-policy.ts";
import { updateUsernamePolicy } from "./usernames/update-username-policy.ts";
import { createUser } from "./users/create-user.ts";
import { deleteUser } from "./users/delete-user.ts";
import { exportUser } from "./users/export-user.ts";
import { eraseUser } from "./users/erase-user.ts";
import { finishErasure } from "./users/finish-erasure.ts";
import { getUser } from "./users/get-user.ts";
import { listUsers } from "./users/list-users.ts";
import { purgeDueUsers } from "./users/purge-due-users.ts";
import { purgeUser } from "./users/purge-user.ts";
import { restoreUser } from "./users/restore-user.ts";
import { setUserPassword } from "./users/set-user-password.ts";
import { updateProfile } from "./users/update-profile.ts";
import { updateUser } from "./users/update-user.ts";

/** The identity service: users, their passwords, groups and roles. */
export function createIdentityService(dependencies: IdentityDependencies): ServiceModule {
  const finishing = [
    finishVoiding(dependencies),
    finishRoleDeletion(dependencies),
    finishClientDeletion(dependencies),
    finishGroupDeletion(dependencies),
    finishErasure(dependencies),
  ];
  return {
    name: "identity",
    implementations: [
      implementation(UserService, {
        createUser: createUser(dependencies),
        getUser: getUser(dependencies),
        listUsers: listUsers(dependencies),
        updateUser: updateUser(dependencies),
        updateProfile: updateProfile(dependencies),
        updateUserAttributes: updateUserAttributes(dependencies),
        setUserPassword: setUserPassword(dependencies),
        deleteUser: deleteUser(dependencies),
        restoreUser: restoreUser(dependencies),
        purgeUser: purgeUser(dependencies),
        eraseUser: eraseUser(dependencies),
        exportUser: exportUser(dependencies),
      }),
      implementation(AttributeSchemaService, {
        getAttributeSchema: getAttributeSchema(dependencies),
        updateAttributeSchema: updateAttributeSchema(dependencies),
      }),
      implementation(AttributeLookupService, { findAttributes: findAttributes(dependencies) }),
      implementation(PasswordPolicyService, {
        getPasswordPolicy: getPasswordPolicy(dependencies),
        updatePasswordPolicy: updatePasswordPolicy(dependencies),
      }),
      implementation(UsernamePolicyService, {
        getUsernamePolicy: getUsernamePolicy(dependencies),
        updateUsernamePolicy: updateUsernamePolicy(dependencies),
      }),
      implementation(GroupService, {
        createGroup: createGroup(dependencies),
        getGroup: getGroup(dependencies),
        listGroups: listGroups(dependencies),
        updateGroup: updateGroup(dependencies),
        deleteGroup: deleteGroup(dependencies),
        addGroupMember: addGroupMember(dependencies),
        listGroupMembers: listGroupMembers(dependencies),
        removeGroupMember: removeGroupMember(dependencies),
      }),
      implementation(RoleService, {
        createRole: createRole(dependencies),
        getRole: getRole(dependencies),
        listRoles: listRoles(dependencies),
        updateRole: updateRole(dependencies),
        deleteRole: deleteRole(dependencies),
        createRoleAssignment: createRoleAssignment(dependencies),
        listRoleAssignments: listRoleAssignments(dependencies),
        deleteRoleAssignment: deleteRoleAssignment(dependencies),
        checkPermission: checkPermission(dependencies),
        listEffectivePermissions: listEffectivePermissions(dependencies),
      }),
      implementation(InvitationService, {
        createInvitation: createInvitation(dependencies),
        getInvitation: getInvitation(dependencies),
        listInvitations: listInvitations(dependencies),
        resendInvitation: resendInvitation(dependencies),
        revokeInvitation: revokeInvitation(dependencies),
      }),
      implementation(CredentialService, {
        resolveLogin: resolveLogin(dependencies),
        verifyPassword: verifyPassword(dependencies),
        changePassword: changePassword(dependencies),
        judgePassword: judgePassword(dependencies),
        getClaims: getClaims(dependencies),
        getGroupsOfUser: getGroupsOfUser(dependencies),
        findGroups: findGroups(dependencies),
        getAuthority: getAuthority(dependencies),
        createOwner: createOwner(dependencies),
      }),
      implementation(AccountOpeningService, { openAccount: openAccount(dependencies) }),
      implementation(MailboxService, {
        getMailbox: getMailbox(dependencies),
        checkNewPassword: checkNewPassword(dependencies),
        resetPassword: resetPassword(dependencies),
        verifyEmail: verifyEmail(dependencies),
        changeEmail: changeEmail(dependencies),
      }),
    ],
    duties: [purgeDueUsers(dependencies)],
    forget(entry) {
      dependencies.authorities.forget(entry);
      dependencies.attributeSchemas.forgetChanged(entry);
      dependencies.passwordPolicies.forgetChanged(entry);
    },
    async finishWrite(entry) {
      for (const finish of finishing) await finish(entry);
    },
  };
}
