// First-steps creates a user and a client, signs in as that client, pages through the users, and handles errors by their
// reason:
//
//	KODER_ID_URL=http://localhost:8080 KODER_ID_API_KEY=$(cat data/admin-api-key) go run ./examples/first-steps
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"connectrpc.com/connect"

	koderid "github.com/koder-id/koder-id/clients/go"
	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
	oauthv1 "github.com/koder-id/koder-id/gen/go/koder/oauth/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url := cmp.Or(os.Getenv("KODER_ID_URL"), "http://localhost:8080")
	if err := run(ctx, url, strings.TrimSpace(os.Getenv("KODER_ID_API_KEY"))); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n", err)
		if id := koderid.ErrorID(err); id != "" {
			fmt.Fprintf(os.Stderr, "error id %s, request id %s\n", id, koderid.RequestID(err))
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, url, apiKey string) error {
	if apiKey == "" {
		return errors.New("set KODER_ID_API_KEY to the key in data/admin-api-key")
	}
	admin, err := koderid.New(url, koderid.WithTokenSource(koderid.StaticToken(apiKey)))
	if err != nil {
		return err
	}

	// Create a user. The client makes the request id, so that a repeat after a broken connection creates no second one.
	username := "ada-" + strings.ToLower(rand.Text()[:12])
	user, err := createUser(ctx, admin, username)
	if err != nil {
		return fmt.Errorf("create a user: %w", err)
	}
	fmt.Printf("created user %s with the id %s\n", user.GetUsername(), user.GetId())

	// A typed error, handled by its reason: the name is taken now.
	_, err = createUser(ctx, admin, username)
	switch koderid.Reason(err) {
	case koderid.ReasonUsernameTaken:
		fmt.Printf("the username %s is taken\n", username)
	default:
		return fmt.Errorf("create the same user again: %w", cmp.Or(err, errors.New("it was not refused")))
	}

	// Create a client that acts for itself. Its secret is in this answer and nowhere else.
	created, err := admin.Clients.CreateClient(ctx, connect.NewRequest(&oauthv1.CreateClientRequest{
		Client: &oauthv1.Client{
			ClientName: "First steps", GrantTypes: []string{"client_credentials"}, Scope: "users.read",
		},
	}))
	if err != nil {
		return fmt.Errorf("create a client: %w", err)
	}
	client := created.Msg.GetClient()
	fmt.Printf("created client %s\n", client.GetClientId())

	// Sign in as that client.
	credentials, err := koderid.NewClientCredentials(koderid.ClientCredentialsConfig{
		Origin: url, ClientID: client.GetClientId(), ClientSecret: client.GetClientSecret(),
	})
	if err != nil {
		return err
	}
	if _, err := credentials.Token(ctx); err != nil {
		return fmt.Errorf("sign in as the client: %w", err)
	}
	fmt.Println("signed in by client credentials")

	// Its token says who it is. It may do no more than it was allowed to; a new client was allowed nothing yet.
	service, err := koderid.New(url, koderid.WithTokenSource(credentials))
	if err != nil {
		return err
	}
	_, err = service.Users.GetUser(ctx, connect.NewRequest(&identityv1.GetUserRequest{UserId: user.GetId()}))
	switch koderid.Reason(err) {
	case koderid.ReasonPermissionDenied:
		fmt.Printf("the client lacks the permission %s\n", koderid.ErrorMetadata(err)["permission"])
	case "":
		if err != nil {
			return fmt.Errorf("read the user as the client: %w", err)
		}
		fmt.Println("the client may read users")
	default:
		return fmt.Errorf("read the user as the client: %w", err)
	}

	// Page through the users.
	users := koderid.Pages(ctx, admin.Users.ListUsers,
		&identityv1.ListUsersRequest{PageSize: 2}, (*identityv1.ListUsersResponse).GetUsers)
	count := 0
	for one, err := range users {
		if err != nil {
			return fmt.Errorf("list users: %w", err)
		}
		count++
		if one.GetId() == user.GetId() {
			fmt.Printf("found %s in the list\n", one.GetUsername())
		}
	}
	fmt.Printf("listed %d users\n", count)

	// An error about fields names each of them.
	_, err = createUser(ctx, admin, "x")
	for _, violation := range koderid.Violations(err) {
		fmt.Printf("%s: %s %s\n", koderid.Reason(err), violation.Field, violation.Description)
	}
	return nil
}

func createUser(ctx context.Context, admin *koderid.Client, username string) (*identityv1.User, error) {
	answer, err := admin.Users.CreateUser(ctx, connect.NewRequest(&identityv1.CreateUserRequest{
		User: &identityv1.User{Username: username, Name: "Ada Lovelace"},
	}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.GetUser(), nil
}
