import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import { changePassword } from "./credentials/change-password.ts";
import { createOwner } from "./credentials/create-owner.ts";
import { finishVoiding } from "./credentials/finish-voiding.ts";
import { getAuthority } from "./credentials/get-authority.ts";
import { getClaims } from "./credentials/get-claims.ts";
import { resolveLogin } from "./credentials/resolve-login.ts";
import { verifyPassword } from "./credentials/verify-password.ts";
import type { IdentityDependencies } from "./dependencies.ts";
import { createUser } from "./users/create-user.ts";
import { getUser } from "./users/get-user.ts";
import { listUsers } from "./users/list-users.ts";
import { setUserPassword } from "./users/set-user-password.ts";
import { updateUser } from "./users/update-user.ts";

/** The identity service: users and their passwords. */
export function createIdentityService(dependencies: IdentityDependencies): ServiceModule {
  return {
    name: "identity",
    implementations: [
      implementation(UserService, {
        createUser: createUser(dependencies),
        getUser: getUser(dependencies),
        listUsers: listUsers(dependencies),
        updateUser: updateUser(dependencies),
        setUserPassword: setUserPassword(dependencies),
      }),
      implementation(CredentialService, {
        resolveLogin: resolveLogin(dependencies),
        verifyPassword: verifyPassword(dependencies),
        changePassword: changePassword(dependencies),
        getClaims: getClaims(dependencies),
        getAuthority: getAuthority(dependencies),
        createOwner: createOwner(dependencies),
      }),
    ],
    finishWrite: finishVoiding(dependencies),
  };
}
