import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { ClientService } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { DeviceService } from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { ConsentService } from "#gen/koder/oauth/v1/consent_service_pb.ts";
import { LogoutService } from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { LogoutDeliveryService } from "#gen/koder/oauth/v1/logout_delivery_service_pb.ts";
import { MetadataService } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { ResourceServerService } from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { InitialAccessTokenService } from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { OAuthPolicyService } from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { RegistrationService } from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { SigningKeyService } from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { TokenService } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { ClientLookupService } from "#gen/koder/oauth/v1/client_lookup_internal_pb.ts";
import { ClientTombstoneService } from "#gen/koder/oauth/v1/client_tombstone_internal_pb.ts";
import { PersonalDataService } from "#gen/koder/oauth/v1/personal_data_internal_pb.ts";
import { implementation, type FinishWrite, type ServiceModule } from "../host/service-module.ts";
import { authorize } from "./authorize/authorize.ts";
import { chooseAccount } from "./authorize/choose-account.ts";
import { decideConsent } from "./authorize/decide-consent.ts";
import { describeConsent } from "./authorize/describe-consent.ts";
import { getAuthorization } from "./authorize/get-authorization.ts";
import { keepAuthorization } from "./authorize/keep-authorization.ts";
import { pushAuthorization } from "./authorize/push-authorization.ts";
import { listAccounts } from "./authorize/list-accounts.ts";
import { declineAuthorization } from "./authorize/decline-authorization.ts";
import { resumeAuthorization } from "./authorize/resume-authorization.ts";
import { createClient } from "./clients/create-client.ts";
import { createClientSecret } from "./clients/create-client-secret.ts";
import { deleteClient } from "./clients/delete-client.ts";
import { deleteClientSecret } from "./clients/delete-client-secret.ts";
import { finishVoiding } from "./clients/finish-voiding.ts";
import { findClients } from "./clients/find-clients.ts";
import { getClientTombstone } from "./clients/get-client-tombstone.ts";
import { getClient } from "./clients/get-client.ts";
import { getClientLogo } from "./clients/logos/get-client-logo.ts";
import { listClients } from "./clients/list-clients.ts";
import { collectPersonalData } from "./personal-data.ts";
import { forgetDeliveries } from "./logout/backchannel/forget-deliveries.ts";
import { finishErasure } from "./consents/finish-erasure.ts";
import { finishRevocation } from "./consents/finish-revocation.ts";
import { listConsents } from "./consents/list-consents.ts";
import { revokeConsent } from "./consents/revoke-consent.ts";
import { updateClient } from "./clients/update-client.ts";
import type { OauthDependencies } from "./dependencies.ts";
import { authorizeDevice } from "./device/authorize-device.ts";
import { decideDevice } from "./device/decide-device.ts";
import { enterUserCode } from "./device/enter-user-code.ts";
import { getDeviceConfirmation } from "./device/get-device-confirmation.ts";
import { getKeys } from "./keys/get-keys.ts";
import { forgetChanged } from "./forget-changed.ts";
import { listSigningKeys } from "./keys/list-signing-keys.ts";
import { rotateDueKeys } from "./keys/rotate-due-keys.ts";
import { rotateSigningKey } from "./keys/rotate-signing-key.ts";
import { beginDeliveries } from "./logout/backchannel/begin-deliveries.ts";
import { deleteLogoutDelivery } from "./logout/backchannel/delete-logout-delivery.ts";
import { createLogoutDeliveries } from "./logout/backchannel/deliver-due.ts";
import { listLogoutDeliveries } from "./logout/backchannel/list-logout-deliveries.ts";
import { retryLogoutDelivery } from "./logout/backchannel/retry-logout-delivery.ts";
import { confirmLogout } from "./logout/confirm-logout.ts";
import { requestLogout } from "./logout/request-logout.ts";
import { getServerMetadata } from "./metadata/get-server-metadata.ts";
import { createResourceServer } from "./resource-servers/create-resource-server.ts";
import { deleteResourceServer } from "./resource-servers/delete-resource-server.ts";
import { getResourceServer } from "./resource-servers/get-resource-server.ts";
import { listResourceServers } from "./resource-servers/list-resource-servers.ts";
import { updateResourceServer } from "./resource-servers/update-resource-server.ts";
import { createAccessTokens } from "./token/access-tokens.ts";
import { getOauthPolicy } from "./policy/get-oauth-policy.ts";
import { updateOauthPolicy } from "./policy/update-oauth-policy.ts";
import { createInitialAccessToken } from "./registration/create-initial-access-token.ts";
import { deleteInitialAccessToken } from "./registration/delete-initial-access-token.ts";
import { getRegistration } from "./registration/get-registration.ts";
import { listInitialAccessTokens } from "./registration/list-initial-access-tokens.ts";
import { registerClient } from "./registration/register-client.ts";
import { unregisterClient } from "./registration/unregister-client.ts";
import { updateRegistration } from "./registration/update-registration.ts";
import { getUserinfo } from "./token/get-userinfo.ts";
import { introspectToken } from "./token/introspect-token.ts";
import { issueToken } from "./token/issue-token.ts";
import { revokeToken } from "./token/revoke-token.ts";

/** The oauth service: clients, the authorization endpoint, the token and userinfo endpoints, keys and metadata. */
export function createOauthService(dependencies: OauthDependencies): ServiceModule {
  const accessTokens = createAccessTokens(dependencies);
  const logoutDeliveries = createLogoutDeliveries(dependencies, dependencies.onLogoutFault);
  return {
    name: "oauth",
    implementations: [
      implementation(ClientService, {
        createClient: createClient(dependencies),
        getClient: getClient(dependencies),
        listClients: listClients(dependencies),
        updateClient: updateClient(dependencies),
        deleteClient: deleteClient(dependencies),
        createClientSecret: createClientSecret(dependencies),
        deleteClientSecret: deleteClientSecret(dependencies),
      }),
      implementation(ResourceServerService, {
        createResourceServer: createResourceServer(dependencies),
        getResourceServer: getResourceServer(dependencies),
        listResourceServers: listResourceServers(dependencies),
        updateResourceServer: updateResourceServer(dependencies),
        deleteResourceServer: deleteResourceServer(dependencies),
      }),
      implementation(ConsentService, {
        listConsents: listConsents(dependencies),
        revokeConsent: revokeConsent(dependencies),
      }),
      implementation(OAuthPolicyService, {
        getOAuthPolicy: getOauthPolicy(dependencies),
        updateOAuthPolicy: updateOauthPolicy(dependencies),
      }),
      implementation(InitialAccessTokenService, {
        createInitialAccessToken: createInitialAccessToken(dependencies),
        listInitialAccessTokens: listInitialAccessTokens(dependencies),
        deleteInitialAccessToken: deleteInitialAccessToken(dependencies),
      }),
      implementation(RegistrationService, {
        registerClient: registerClient(dependencies),
        getRegistration: getRegistration(dependencies),
        updateRegistration: updateRegistration(dependencies),
        unregisterClient: unregisterClient(dependencies),
      }),
      implementation(SigningKeyService, {
        listSigningKeys: listSigningKeys(dependencies),
        rotateSigningKey: rotateSigningKey(dependencies),
      }),
      implementation(MetadataService, {
        getServerMetadata: getServerMetadata(dependencies),
        getKeys: getKeys(dependencies),
      }),
      implementation(AuthorizationService, {
        authorize: authorize(dependencies),
        pushAuthorization: pushAuthorization(dependencies),
        keepAuthorization: keepAuthorization(dependencies),
        getAuthorization: getAuthorization(dependencies),
        describeConsent: describeConsent(dependencies),
        getClientLogo: getClientLogo(dependencies),
        decideConsent: decideConsent(dependencies),
        listAccounts: listAccounts(dependencies),
        chooseAccount: chooseAccount(dependencies),
        declineAuthorization: declineAuthorization(dependencies),
        resumeAuthorization: resumeAuthorization(dependencies),
      }),
      implementation(DeviceService, {
        authorizeDevice: authorizeDevice(dependencies),
        enterUserCode: enterUserCode(dependencies),
        getDeviceConfirmation: getDeviceConfirmation(dependencies),
        decideDevice: decideDevice(dependencies),
      }),
      implementation(LogoutService, {
        requestLogout: requestLogout(dependencies),
        confirmLogout: confirmLogout(dependencies),
      }),
      implementation(LogoutDeliveryService, {
        listLogoutDeliveries: listLogoutDeliveries(dependencies),
        retryLogoutDelivery: retryLogoutDelivery(dependencies),
        deleteLogoutDelivery: deleteLogoutDelivery(dependencies),
      }),
      implementation(ClientLookupService, { findClients: findClients(dependencies) }),
      implementation(ClientTombstoneService, { getClientTombstone: getClientTombstone(dependencies) }),
      implementation(PersonalDataService, { collectPersonalData: collectPersonalData(dependencies) }),
      implementation(TokenService, {
        issueToken: issueToken(dependencies),
        introspectToken: introspectToken(dependencies, accessTokens),
        revokeToken: revokeToken(dependencies, accessTokens),
        getUserinfo: getUserinfo(dependencies, accessTokens),
      }),
    ],
    prepareTenant: (work) => dependencies.signingKeys.prepare(work, "RS256"),
    duties: [
      { name: "key rotation", step: rotateDueKeys(dependencies, dependencies.onRotationFault) },
      // A short lease: after a death, clients are told by another process within seconds.
      { name: "logout deliveries", step: () => logoutDeliveries.step(), lease: 4_000 },
    ],
    finishWrite: inTurn(
      finishVoiding(dependencies),
      finishRevocation(dependencies),
      finishErasure(dependencies),
      forgetDeliveries(dependencies),
      beginDeliveries(dependencies),
    ),
    stop: () => logoutDeliveries.idle(),
    forget: forgetChanged(dependencies),
  };
}

/** One after the other: each passes over what is not its own. */
function inTurn(...steps: readonly FinishWrite[]): FinishWrite {
  return async (entry) => {
    for (const step of steps) await step(entry);
  };
}
