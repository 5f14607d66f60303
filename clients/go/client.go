package koderid

import (
	"errors"

	"connectrpc.com/connect"

	"github.com/koder-id/koder-id/gen/go/koder/admin/v1/adminv1connect"
	"github.com/koder-id/koder-id/gen/go/koder/auth/v1/authv1connect"
	"github.com/koder-id/koder-id/gen/go/koder/identity/v1/identityv1connect"
	"github.com/koder-id/koder-id/gen/go/koder/oauth/v1/oauthv1connect"
	"github.com/koder-id/koder-id/gen/go/koder/session/v1/sessionv1connect"
)

// Client has one typed client for each public service. It is safe for concurrent use; make one and keep it.
type Client struct {
	// Users manages the users of a tenant.
	Users identityv1connect.UserServiceClient
	// AttributeSchemas shows and changes which attributes of its own a tenant keeps of its people.
	AttributeSchemas identityv1connect.AttributeSchemaServiceClient
	// PasswordPolicy shows and changes what a tenant asks of the passwords of its people.
	PasswordPolicy identityv1connect.PasswordPolicyServiceClient
	// UsernamePolicy shows and changes which usernames a tenant takes.
	UsernamePolicy identityv1connect.UsernamePolicyServiceClient
	// Flows signs people in outside of the sign-in pages.
	Flows authv1connect.FlowServiceClient
	// Factors manages the factors that people prove themselves by beside their password.
	Factors authv1connect.FactorServiceClient
	// Invitations invites people by mail.
	Invitations identityv1connect.InvitationServiceClient
	// Groups manages the groups of a tenant, and who is in them.
	Groups identityv1connect.GroupServiceClient
	// Roles manages the roles of a tenant, and who has them.
	Roles identityv1connect.RoleServiceClient
	// Account lets people look after how they sign in.
	Account authv1connect.AccountServiceClient
	// Email has people prove that they read the mailbox of an address.
	Email authv1connect.EmailServiceClient
	// Recovery lets people who have lost their password choose another one.
	Recovery authv1connect.RecoveryServiceClient
	// SignUp lets people open an account by themselves.
	SignUp authv1connect.SignUpServiceClient
	// AuthenticationPolicy shows and changes what a tenant asks of the sign-ins of its people.
	AuthenticationPolicy authv1connect.AuthenticationPolicyServiceClient
	// Clients manages the clients of a tenant.
	Clients oauthv1connect.ClientServiceClient
	// ResourceServers manages the resource servers of a tenant: the APIs that its access tokens may be meant for.
	ResourceServers oauthv1connect.ResourceServerServiceClient
	// Consents shows people what they have let clients have, and takes it back.
	Consents oauthv1connect.ConsentServiceClient
	// InitialAccessTokens manages what lets whoever has it register clients.
	InitialAccessTokens oauthv1connect.InitialAccessTokenServiceClient
	// OAuthPolicy shows and changes what a tenant asks of all its clients.
	OAuthPolicy oauthv1connect.OAuthPolicyServiceClient
	// SigningKeys lists and rotates the keys that sign a tenant's tokens.
	SigningKeys oauthv1connect.SigningKeyServiceClient
	// LogoutDeliveries shows which clients were told that sessions ended.
	LogoutDeliveries oauthv1connect.LogoutDeliveryServiceClient
	// Sessions lists and ends the sessions of a tenant's people.
	Sessions sessionv1connect.SessionServiceClient
	// APIKeys manages the credentials of programs.
	APIKeys adminv1connect.ApiKeyServiceClient
	// Events tells what happened in a tenant.
	Events adminv1connect.EventServiceClient
	// PersonalAccessTokens lets people make credentials for their own programs.
	PersonalAccessTokens adminv1connect.PersonalAccessTokenServiceClient
	// Tenants manages the tenants of the instance.
	Tenants adminv1connect.TenantServiceClient
	// Branding shows and changes how a tenant looks to its people.
	Branding adminv1connect.BrandingServiceClient
	// MailServer shows, changes and tries the server that a tenant's mails go out by.
	MailServer authv1connect.MailServerServiceClient
	// MailSettings shows and changes from whom the mails of a tenant are.
	MailSettings authv1connect.MailSettingsServiceClient
	// MailTemplates shows and changes what the mails say that a tenant's people get.
	MailTemplates authv1connect.MailTemplateServiceClient
	// System speaks for the instance as a whole.
	System adminv1connect.SystemServiceClient
}

// New makes a client of the server at an origin, such as https://id.example.com. The credential of a call selects the
// tenant. New fails, without having sent anything, when the origin or an option cannot be right.
func New(origin string, options ...Option) (*Client, error) {
	settings := defaults()
	for _, option := range options {
		option(&settings)
	}
	address, originErr := parseOrigin(origin, settings.plaintext)
	if err := errors.Join(originErr, settings.check()); err != nil {
		return nil, err
	}
	httpClient := settings.httpClient
	if httpClient == nil {
		httpClient = newHTTPClient(settings.grpc)
	}
	// The first is the outermost: the deadline covers the token and every attempt; each attempt of a create carries the
	// same request id; the token is there before the first attempt and is renewed at most once.
	rpc := []connect.ClientOption{
		connect.WithReadMaxBytes(maxAnswerBytes),
		connect.WithInterceptors(
			deadlineInterceptor(settings.timeout),
			requestIDInterceptor(),
			headerInterceptor{settings.headers},
			&authorizationInterceptor{source: settings.source},
			retryInterceptor(settings.retries),
			lostConnectionInterceptor{},
		),
	}
	if settings.grpc {
		rpc = append(rpc, connect.WithGRPC())
	}
	return &Client{
		Users:                identityv1connect.NewUserServiceClient(httpClient, address, rpc...),
		AttributeSchemas:     identityv1connect.NewAttributeSchemaServiceClient(httpClient, address, rpc...),
		PasswordPolicy:       identityv1connect.NewPasswordPolicyServiceClient(httpClient, address, rpc...),
		UsernamePolicy:       identityv1connect.NewUsernamePolicyServiceClient(httpClient, address, rpc...),
		Flows:                authv1connect.NewFlowServiceClient(httpClient, address, rpc...),
		Factors:              authv1connect.NewFactorServiceClient(httpClient, address, rpc...),
		Invitations:          identityv1connect.NewInvitationServiceClient(httpClient, address, rpc...),
		Groups:               identityv1connect.NewGroupServiceClient(httpClient, address, rpc...),
		Roles:                identityv1connect.NewRoleServiceClient(httpClient, address, rpc...),
		Account:              authv1connect.NewAccountServiceClient(httpClient, address, rpc...),
		Email:                authv1connect.NewEmailServiceClient(httpClient, address, rpc...),
		Recovery:             authv1connect.NewRecoveryServiceClient(httpClient, address, rpc...),
		SignUp:               authv1connect.NewSignUpServiceClient(httpClient, address, rpc...),
		AuthenticationPolicy: authv1connect.NewAuthenticationPolicyServiceClient(httpClient, address, rpc...),
		Clients:              oauthv1connect.NewClientServiceClient(httpClient, address, rpc...),
		ResourceServers:      oauthv1connect.NewResourceServerServiceClient(httpClient, address, rpc...),
		Consents:             oauthv1connect.NewConsentServiceClient(httpClient, address, rpc...),
		InitialAccessTokens:  oauthv1connect.NewInitialAccessTokenServiceClient(httpClient, address, rpc...),
		OAuthPolicy:          oauthv1connect.NewOAuthPolicyServiceClient(httpClient, address, rpc...),
		SigningKeys:          oauthv1connect.NewSigningKeyServiceClient(httpClient, address, rpc...),
		LogoutDeliveries:     oauthv1connect.NewLogoutDeliveryServiceClient(httpClient, address, rpc...),
		Sessions:             sessionv1connect.NewSessionServiceClient(httpClient, address, rpc...),
		APIKeys:              adminv1connect.NewApiKeyServiceClient(httpClient, address, rpc...),
		Events:               adminv1connect.NewEventServiceClient(httpClient, address, rpc...),
		PersonalAccessTokens: adminv1connect.NewPersonalAccessTokenServiceClient(httpClient, address, rpc...),
		Tenants:              adminv1connect.NewTenantServiceClient(httpClient, address, rpc...),
		Branding:             adminv1connect.NewBrandingServiceClient(httpClient, address, rpc...),
		MailServer:           authv1connect.NewMailServerServiceClient(httpClient, address, rpc...),
		MailSettings:         authv1connect.NewMailSettingsServiceClient(httpClient, address, rpc...),
		MailTemplates:        authv1connect.NewMailTemplateServiceClient(httpClient, address, rpc...),
		System:               adminv1connect.NewSystemServiceClient(httpClient, address, rpc...),
	}, nil
}

// maxAnswerBytes bounds what an answer may take in memory; the largest page of the contract is far below it.
const maxAnswerBytes = 16 << 20
