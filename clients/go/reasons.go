package koderid

// The reasons of the contract; a test compares them with the generated enums.
const (
	// Any call may answer these.

	// ReasonInvalidRequest: The request breaks a rule of its message; the violations name each field. Correct it and
	// call again.
	ReasonInvalidRequest ErrorReason = "INVALID_REQUEST"
	// ReasonCredentialMissing: No credential was sent, and the method is not public. Send `Authorization: Bearer …`.
	ReasonCredentialMissing ErrorReason = "CREDENTIAL_MISSING"
	// ReasonCredentialInvalid: The credential is unknown, expired, revoked or not meant for this API. Get a new one.
	ReasonCredentialInvalid ErrorReason = "CREDENTIAL_INVALID"
	// ReasonPermissionDenied: The credential is good, but lacks the permission or the scope. Ask an administrator.
	ReasonPermissionDenied ErrorReason = "PERMISSION_DENIED"
	// ReasonSignInTooOld: The sign-in behind the credential is older than the method allows. Sign in again.
	ReasonSignInTooOld ErrorReason = "SIGN_IN_TOO_OLD"
	// ReasonTenantHeaderRefused: `X-Koder-Tenant` came with a credential that has no INSTANCE authority. Leave the
	// header out.
	ReasonTenantHeaderRefused ErrorReason = "TENANT_HEADER_REFUSED"
	// ReasonTenantNotFound: No such tenant, or no tenant has this host.
	ReasonTenantNotFound ErrorReason = "TENANT_NOT_FOUND"
	// ReasonServiceTokenInvalid: The service token of a call between services is missing, expired or for another
	// method.
	ReasonServiceTokenInvalid ErrorReason = "SERVICE_TOKEN_INVALID"
	// ReasonOverloaded: Too much work is waiting. Try again after the time in `Retry-After`.
	ReasonOverloaded ErrorReason = "OVERLOADED"
	// ReasonUnavailable: A part that the answer needs is away. Try again after the time in `Retry-After`.
	ReasonUnavailable ErrorReason = "UNAVAILABLE"
	// ReasonDeadlineExceeded: The call took longer than its deadline. Whether it was done is not known: read before
	// you repeat it.
	ReasonDeadlineExceeded ErrorReason = "DEADLINE_EXCEEDED"
	// ReasonInternal: A fault of ours. The id in the answer finds it in the logs.
	ReasonInternal ErrorReason = "INTERNAL"
	// ReasonNotFound: No such path or method of the API.
	ReasonNotFound ErrorReason = "NOT_FOUND"
	// ReasonEtagMismatch: The `etag` sent is not the resource's: somebody changed it meanwhile. Read it again.
	ReasonEtagMismatch ErrorReason = "ETAG_MISMATCH"
	// ReasonRequestIDReused: The `request_id` was used before with another request. Use a new one.
	ReasonRequestIDReused ErrorReason = "REQUEST_ID_REUSED"
	// ReasonPageTokenInvalid: The page token is not one of ours, or belongs to another listing. Start from the first
	// page.
	ReasonPageTokenInvalid ErrorReason = "PAGE_TOKEN_INVALID"
	// ReasonBodyTooLarge: The body is larger than the server reads.
	ReasonBodyTooLarge ErrorReason = "BODY_TOO_LARGE"
	// ReasonUnsupportedMediaType: The content type is not one that the endpoint reads.
	ReasonUnsupportedMediaType ErrorReason = "UNSUPPORTED_MEDIA_TYPE"
	// ReasonMethodNotAllowed: The path exists, but not with this HTTP method.
	ReasonMethodNotAllowed ErrorReason = "METHOD_NOT_ALLOWED"
	// ReasonHostUnknown: The Host header is not one that this server answers to.
	ReasonHostUnknown ErrorReason = "HOST_UNKNOWN"
	// ReasonCanceled: The client went away before the answer was ready.
	ReasonCanceled ErrorReason = "CANCELED"
	// ReasonConflict: Somebody else changed the same thing at the same moment. Repeat the call.
	ReasonConflict ErrorReason = "CONFLICT"
	// ReasonRateLimited: Too many requests came from one address. Wait for the time in `Retry-After`.
	ReasonRateLimited ErrorReason = "RATE_LIMITED"

	// Of users and passwords.

	// ReasonUserNotFound: No user has this id in the tenant.
	ReasonUserNotFound ErrorReason = "USER_NOT_FOUND"
	// ReasonUsernameTaken: Another user of the tenant has this username. Choose another.
	ReasonUsernameTaken ErrorReason = "USERNAME_TAKEN"
	// ReasonUsernameTooSimilar: The username looks like that of another user of the tenant, such as `paypa1` and `paypal`. Choose another.
	ReasonUsernameTooSimilar ErrorReason = "USERNAME_TOO_SIMILAR"
	// ReasonEmailTaken: Another user of the tenant has this e-mail address.
	ReasonEmailTaken ErrorReason = "EMAIL_TAKEN"
	// ReasonUsernameNotAllowed: The username breaks the tenant's policy; the violation says how.
	ReasonUsernameNotAllowed ErrorReason = "USERNAME_NOT_ALLOWED"
	// ReasonPasswordNotAllowed: The password is too short, too long or too easy to guess; the violation says which.
	ReasonPasswordNotAllowed ErrorReason = "PASSWORD_NOT_ALLOWED"
	// ReasonFieldNotWritable: The field cannot be set or changed through this call; the violation names it.
	ReasonFieldNotWritable ErrorReason = "FIELD_NOT_WRITABLE"
	// ReasonHashingBusy: Too many passwords are being hashed at this moment. Try again after the time in
	// `Retry-After`.
	ReasonHashingBusy ErrorReason = "HASHING_BUSY"
	// ReasonOwnerExists: The instance has an owner already; there is one first owner only.
	ReasonOwnerExists ErrorReason = "OWNER_EXISTS"
	// ReasonPasswordHashNotSupported: The hash of a password has a form or parameters that are not taken; see
	// `User.password_hash`.
	ReasonPasswordHashNotSupported ErrorReason = "PASSWORD_HASH_NOT_SUPPORTED"

	// Of API keys and personal access tokens.

	// ReasonAPIKeyNotFound: No API key has this id in the tenant, or none that the caller's credential reaches.
	ReasonAPIKeyNotFound ErrorReason = "API_KEY_NOT_FOUND"
	// ReasonAPIKeyInvalid: The API key breaks a rule; the violations name each field.
	ReasonAPIKeyInvalid ErrorReason = "API_KEY_INVALID"
	// ReasonAPIKeyLimit: There are as many API keys as there may be. Delete one that is not needed.
	ReasonAPIKeyLimit ErrorReason = "API_KEY_LIMIT"
	// ReasonPersonalAccessTokenNotFound: The person has no token with this id.
	ReasonPersonalAccessTokenNotFound ErrorReason = "PERSONAL_ACCESS_TOKEN_NOT_FOUND"
	// ReasonPersonalAccessTokenInvalid: The token breaks a rule; the violations name each field.
	ReasonPersonalAccessTokenInvalid ErrorReason = "PERSONAL_ACCESS_TOKEN_INVALID"
	// ReasonPersonalAccessTokenLimit: The person has as many tokens as they may have. Delete one that is not needed.
	ReasonPersonalAccessTokenLimit ErrorReason = "PERSONAL_ACCESS_TOKEN_LIMIT"

	// Of users that are deleted.

	// ReasonUserNotDeleted: The user is not deleted, so that there is nothing to restore or to purge.
	ReasonUserNotDeleted ErrorReason = "USER_NOT_DELETED"
	// ReasonUserOwnsInstance: The user owns the instance, and cannot be deleted.
	ReasonUserOwnsInstance ErrorReason = "USER_OWNS_INSTANCE"
	// ReasonInvitationNotFound: No invitation that waits for its person has this id in the tenant.
	ReasonInvitationNotFound ErrorReason = "INVITATION_NOT_FOUND"
	// ReasonInvitationExists: Somebody is invited by this address already. Send that invitation again, or revoke it
	// first.
	ReasonInvitationExists ErrorReason = "INVITATION_EXISTS"

	// Of roles.

	// ReasonRoleNotFound: No role has this id in the tenant.
	ReasonRoleNotFound ErrorReason = "ROLE_NOT_FOUND"
	// ReasonRoleNameTaken: Another role of the tenant, or of the same client, has this name. Choose another.
	ReasonRoleNameTaken ErrorReason = "ROLE_NAME_TAKEN"
	// ReasonRoleInvalid: The role breaks a rule; the violations name each field.
	ReasonRoleInvalid ErrorReason = "ROLE_INVALID"
	// ReasonRoleBuiltIn: The role is one that every tenant has; it cannot be changed. Make another one that includes it.
	ReasonRoleBuiltIn ErrorReason = "ROLE_BUILT_IN"
	// ReasonRoleLimit: The tenant has as many roles as it may have. Delete one that is not needed.
	ReasonRoleLimit ErrorReason = "ROLE_LIMIT"
	// ReasonRoleAssignmentNotFound: The role has no assignment with this id.
	ReasonRoleAssignmentNotFound ErrorReason = "ROLE_ASSIGNMENT_NOT_FOUND"
	// ReasonRoleAssignmentLimit: The user or client has as many roles as it may have. Make one role that includes others.
	ReasonRoleAssignmentLimit ErrorReason = "ROLE_ASSIGNMENT_LIMIT"

	// Of groups.

	// ReasonGroupNotFound: No group has this id in the tenant.
	ReasonGroupNotFound ErrorReason = "GROUP_NOT_FOUND"
	// ReasonGroupNameTaken: Another group of the tenant has this name. Choose another.
	ReasonGroupNameTaken ErrorReason = "GROUP_NAME_TAKEN"
	// ReasonGroupInvalid: The group, or its new member, breaks a rule; the violations name each field.
	ReasonGroupInvalid ErrorReason = "GROUP_INVALID"
	// ReasonGroupMemberNotFound: Nobody in the group has this id.
	ReasonGroupMemberNotFound ErrorReason = "GROUP_MEMBER_NOT_FOUND"
	// ReasonGroupLimit: The user or group is in as many groups as it may be, or too many groups of the tenant are in
	// groups.
	ReasonGroupLimit ErrorReason = "GROUP_LIMIT"
	// ReasonGroupInPolicy: The authentication policy asks for more of those in the group: its end takes `policies.write`
	// as well, or its entry in `group_overrides` goes first.
	ReasonGroupInPolicy ErrorReason = "GROUP_IN_POLICY"
	// ReasonAttributeSchemaInvalid: The schema of attributes is none that is taken; the violations say where and why.
	ReasonAttributeSchemaInvalid ErrorReason = "ATTRIBUTE_SCHEMA_INVALID"
	// ReasonAttributesInvalid: The attributes do not fit the tenant's schema; the violations name each.
	ReasonAttributesInvalid ErrorReason = "ATTRIBUTES_INVALID"
	// ReasonPasswordPolicyInvalid: The policy for passwords breaks a rule; the violations name each field.
	ReasonPasswordPolicyInvalid ErrorReason = "PASSWORD_POLICY_INVALID"
	// ReasonUsernamePolicyInvalid: The policy for usernames breaks a rule; the violations name each field.
	ReasonUsernamePolicyInvalid ErrorReason = "USERNAME_POLICY_INVALID"
	// ReasonAttributeNotWritable: The attribute is not for people to set themselves. Ask an administrator.
	ReasonAttributeNotWritable ErrorReason = "ATTRIBUTE_NOT_WRITABLE"

	// Of signing in.

	// ReasonFlowNotFound: No flow has this id, or it has expired, or it belongs to another browser. Start again.
	ReasonFlowNotFound ErrorReason = "FLOW_NOT_FOUND"
	// ReasonStepNotExpected: The flow does not wait for this step; its state says what is next.
	ReasonStepNotExpected ErrorReason = "STEP_NOT_EXPECTED"
	// ReasonPasswordMismatch: Name or password is wrong, or the account may not sign in. Which of these is not told.
	ReasonPasswordMismatch ErrorReason = "PASSWORD_MISMATCH"
	// ReasonTooManyAttempts: Too many wrong attempts. Wait for the time in `Retry-After`.
	ReasonTooManyAttempts ErrorReason = "TOO_MANY_ATTEMPTS"
	// ReasonAttemptsUsedUp: As many wrong attempts in a row as the policy lets through (`max_attempts`). Waiting does
	// not help: the person chooses a new password by mail, or an administrator sets one. Said of a name that nobody has
	// as well.
	ReasonAttemptsUsedUp ErrorReason = "ATTEMPTS_USED_UP"
	// ReasonRecoveryTokenInvalid: The link was used, has expired, or something else has changed the password since. Ask
	// for another one.
	ReasonRecoveryTokenInvalid ErrorReason = "RECOVERY_TOKEN_INVALID"
	// ReasonEmailTokenInvalid: The link was used, has expired, or is for an address that is not the user's any more. Ask
	// for another one.
	ReasonEmailTokenInvalid ErrorReason = "EMAIL_TOKEN_INVALID"
	// ReasonSignUpNotAllowed: The tenant does not let people open accounts by themselves. An administrator lets them in
	// the authentication policy.
	ReasonSignUpNotAllowed ErrorReason = "SIGN_UP_NOT_ALLOWED"
	// ReasonSignUpTokenInvalid: The link was used or has expired. Ask for another one.
	ReasonSignUpTokenInvalid ErrorReason = "SIGN_UP_TOKEN_INVALID"
	// ReasonFactorNotAllowed: The authentication policy does not allow this factor, for anybody or for the groups that the
	// person is in.
	ReasonFactorNotAllowed ErrorReason = "FACTOR_NOT_ALLOWED"
	// ReasonSmsNotAvailable: This instance sends no SMS. Its operator sets up who does (KODER_ID_SMS_URL).
	ReasonSmsNotAvailable ErrorReason = "SMS_NOT_AVAILABLE"
	// ReasonDeviceNotFound: The person has no remembered browser with this id, or not any more.
	ReasonDeviceNotFound ErrorReason = "DEVICE_NOT_FOUND"
	// ReasonMailboxNotFound: No user who may sign in and has an address of mail has this id.
	ReasonMailboxNotFound ErrorReason = "MAILBOX_NOT_FOUND"
	// ReasonFactorNotFound: The person has no factor with this id, or what was begun with it has expired.
	ReasonFactorNotFound ErrorReason = "FACTOR_NOT_FOUND"
	// ReasonCodeMismatch: The code is wrong, too old, or was used before. Wait for the next one and try again.
	ReasonCodeMismatch ErrorReason = "CODE_MISMATCH"
	// ReasonPasskeyNotAccepted: What the authenticator answered is not accepted: it is not what was asked for, or not by
	// a passkey that is known here, or its user was not verified where that is needed, or its counter went back. Begin
	// again.
	ReasonPasskeyNotAccepted ErrorReason = "PASSKEY_NOT_ACCEPTED"
	// ReasonFactorLimit: The person has as many factors as one can have. Remove one first.
	ReasonFactorLimit ErrorReason = "FACTOR_LIMIT"
	// ReasonAuthenticationPolicyInvalid: The policy breaks a rule; the violations name each field.
	ReasonAuthenticationPolicyInvalid ErrorReason = "AUTHENTICATION_POLICY_INVALID"
	// ReasonDirectFlowsNotAllowed: The client may not sign people in outside of the sign-in pages. An administrator allows
	// it in the authentication policy.
	ReasonDirectFlowsNotAllowed ErrorReason = "DIRECT_FLOWS_NOT_ALLOWED"
	// ReasonMailTemplateNotFound: No mail of this kind is sent in this language; the message names the kinds and the
	// languages.
	ReasonMailTemplateNotFound ErrorReason = "MAIL_TEMPLATE_NOT_FOUND"
	// ReasonMailTemplateInvalid: A mail cannot say what was sent; the violations name each field.
	ReasonMailTemplateInvalid ErrorReason = "MAIL_TEMPLATE_INVALID"
	// ReasonMailSettingsInvalid: The settings of mails break a rule; the violations name each field.
	ReasonMailSettingsInvalid ErrorReason = "MAIL_SETTINGS_INVALID"
	// ReasonEmailNeeded: The person's account has no address of mail. Say which one they read: it becomes theirs by the code that is
	// mailed to it.
	ReasonEmailNeeded ErrorReason = "EMAIL_NEEDED"
	// ReasonTermsNotAccepted: The terms of the tenant must be accepted in the version that the violation names. Show them, and send
	// that version.
	ReasonTermsNotAccepted ErrorReason = "TERMS_NOT_ACCEPTED"
	// ReasonMailServerInvalid: The mail server breaks a rule; the violations name each field.
	ReasonMailServerInvalid ErrorReason = "MAIL_SERVER_INVALID"
	// ReasonTestMailNotSent: The tenant's mail server has not taken the mail. `fault` in the metadata says at which step
	// that failed, as the message does.
	ReasonTestMailNotSent ErrorReason = "TEST_MAIL_NOT_SENT"
	// ReasonMailServerNotSet: The tenant has no mail server of its own: its mails go out by the operator's.
	ReasonMailServerNotSet ErrorReason = "MAIL_SERVER_NOT_SET"

	// Of clients and tokens.

	// ReasonClientNotFound: No client has this id in the tenant.
	ReasonClientNotFound ErrorReason = "CLIENT_NOT_FOUND"
	// ReasonClientIDTaken: The client id is taken, or was once; ids are never given twice. Choose another.
	ReasonClientIDTaken ErrorReason = "CLIENT_ID_TAKEN"
	// ReasonClientMetadataInvalid: The metadata break a rule of RFC 7591 or of the tenant; the violations name each
	// field.
	ReasonClientMetadataInvalid ErrorReason = "CLIENT_METADATA_INVALID"
	// ReasonAuthorizationNotFound: No pending authorization has this id, or it has expired, or it belongs to another
	// browser. Go back to the application.
	ReasonAuthorizationNotFound ErrorReason = "AUTHORIZATION_NOT_FOUND"
	// ReasonSigningKeyNotReady: No signing key is ready. Try again after the time in `Retry-After`.
	ReasonSigningKeyNotReady ErrorReason = "SIGNING_KEY_NOT_READY"
	// ReasonSigningKeyNotFound: The tenant signs nothing with this algorithm, so that there is no key to rotate.
	ReasonSigningKeyNotFound ErrorReason = "SIGNING_KEY_NOT_FOUND"
	// ReasonSigningKeyLimit: The algorithm was rotated so often that its key set would grow too long. Wait until retired
	// keys have left it.
	ReasonSigningKeyLimit ErrorReason = "SIGNING_KEY_LIMIT"
	// ReasonClientSecretLimit: The client has two secrets already. Delete one first.
	ReasonClientSecretLimit ErrorReason = "CLIENT_SECRET_LIMIT"
	// ReasonClientSecretNotFound: The client has no secret with this id.
	ReasonClientSecretNotFound ErrorReason = "CLIENT_SECRET_NOT_FOUND"
	// ReasonClientSecretUnused: The client authenticates without a secret. Change `token_endpoint_auth_method` first.
	ReasonClientSecretUnused ErrorReason = "CLIENT_SECRET_UNUSED"
	// ReasonPolicyInvalid: The policy breaks a rule; the violations name each field.
	ReasonPolicyInvalid ErrorReason = "POLICY_INVALID"
	// ReasonInitialAccessTokenInvalid: The initial access token breaks a rule; the violations name each field.
	ReasonInitialAccessTokenInvalid ErrorReason = "INITIAL_ACCESS_TOKEN_INVALID"
	// ReasonInitialAccessTokenNotFound: No initial access token has this id in the tenant, or it has expired.
	ReasonInitialAccessTokenNotFound ErrorReason = "INITIAL_ACCESS_TOKEN_NOT_FOUND"
	// ReasonUserCodeNotFound: No device waits with this user code: it was mistyped, has expired, or was decided. Start
	// again on the device.
	ReasonUserCodeNotFound ErrorReason = "USER_CODE_NOT_FOUND"
	// ReasonLogoutDeliveryNotFound: No logout delivery has this id in the tenant, or it has been forgotten.
	ReasonLogoutDeliveryNotFound ErrorReason = "LOGOUT_DELIVERY_NOT_FOUND"

	// ReasonResourceServerNotFound: No resource server has this id in the tenant.
	ReasonResourceServerNotFound ErrorReason = "RESOURCE_SERVER_NOT_FOUND"
	// ReasonResourceServerIdentifierTaken: Another resource server of the tenant has this identifier. Choose another, or
	// change that one.
	ReasonResourceServerIdentifierTaken ErrorReason = "RESOURCE_SERVER_IDENTIFIER_TAKEN"
	// ReasonResourceServerInvalid: The resource server breaks a rule of RFC 8707 or of ours; the violations name each
	// field.
	ReasonResourceServerInvalid ErrorReason = "RESOURCE_SERVER_INVALID"
	// ReasonResourceServerLimit: The tenant has as many resource servers as it may have. Delete one that is not needed.
	ReasonResourceServerLimit ErrorReason = "RESOURCE_SERVER_LIMIT"
	// ReasonResourceServerInPolicy: The resource server is the `default_audience` of the OAuth policy. Say another one there,
	// or none, first.
	ReasonResourceServerInPolicy ErrorReason = "RESOURCE_SERVER_IN_POLICY"

	// Of sessions and grants.

	// ReasonSessionNotFound: No session has this id in the tenant, or it has ended.
	ReasonSessionNotFound ErrorReason = "SESSION_NOT_FOUND"
	// ReasonTooManyUserCodes: Too many user codes were typed that no device waits with. Wait for the time in
	// `Retry-After`.
	ReasonTooManyUserCodes ErrorReason = "TOO_MANY_USER_CODES"

	// Of tenants and of the instance.

	// ReasonBootstrapClosed: The instance has an owner: bootstrap is closed for ever.
	ReasonBootstrapClosed ErrorReason = "BOOTSTRAP_CLOSED"
	// ReasonBootstrapTokenInvalid: The bootstrap token is missing or wrong.
	ReasonBootstrapTokenInvalid ErrorReason = "BOOTSTRAP_TOKEN_INVALID"
	// ReasonTenantUnknown: No tenant answers to this host or id.
	ReasonTenantUnknown ErrorReason = "TENANT_UNKNOWN"
	// ReasonTenantSlugTaken: Another tenant has this slug, or had it: slugs are never given twice. Choose another one.
	ReasonTenantSlugTaken ErrorReason = "TENANT_SLUG_TAKEN"
	// ReasonTenantInvalid: A setting of the tenant cannot be as it was sent; the violations name each field.
	ReasonTenantInvalid ErrorReason = "TENANT_INVALID"
	// ReasonTenantIsDefault: The default tenant belongs to the instance: it cannot be suspended or deleted, and has no
	// domains but the public URL's.
	ReasonTenantIsDefault ErrorReason = "TENANT_IS_DEFAULT"
	// ReasonTenantDomainInvalid: The name is no domain that a tenant can have.
	ReasonTenantDomainInvalid ErrorReason = "TENANT_DOMAIN_INVALID"
	// ReasonTenantDomainTaken: The domain is or was another tenant's.
	ReasonTenantDomainTaken ErrorReason = "TENANT_DOMAIN_TAKEN"
	// ReasonTenantDomainNotFound: The tenant has no such domain, or none that is verified where that is needed.
	ReasonTenantDomainNotFound ErrorReason = "TENANT_DOMAIN_NOT_FOUND"
	// ReasonTenantDomainUnproven: The TXT record that proves the domain was not found. Records take a while to be seen
	// everywhere; try again later.
	ReasonTenantDomainUnproven ErrorReason = "TENANT_DOMAIN_UNPROVEN"
	// ReasonTenantDomainLimit: The tenant has as many domains as it can have. Remove one first.
	ReasonTenantDomainLimit ErrorReason = "TENANT_DOMAIN_LIMIT"
	// ReasonTenantDomainInUse: The tenant's canonical origin is at this domain. Give it another one first.
	ReasonTenantDomainInUse ErrorReason = "TENANT_DOMAIN_IN_USE"
	// ReasonBrandingInvalid: Something of the branding cannot be as it was sent; the violations name each field.
	ReasonBrandingInvalid ErrorReason = "BRANDING_INVALID"
)
