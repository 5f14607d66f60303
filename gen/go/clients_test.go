package gen_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/koder-id/koder-id/gen/go/koder/admin/v1/adminv1connect"
	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
	"github.com/koder-id/koder-id/gen/go/koder/identity/v1/identityv1connect"
	"github.com/koder-id/koder-id/gen/go/koder/oauth/v1/oauthv1connect"
	"github.com/koder-id/koder-id/gen/go/koder/session/v1/sessionv1connect"
)

// Every public client exists under the name that people import.
var (
	_ = identityv1connect.NewUserServiceClient
	_ = oauthv1connect.NewClientServiceClient
	_ = sessionv1connect.NewSessionServiceClient
	_ = adminv1connect.NewSystemServiceClient
)

// users answers with the id it was asked for, and with a typed error for one id.
type users struct {
	identityv1connect.UnimplementedUserServiceHandler
}

func (users) GetUser(
	_ context.Context, request *connect.Request[identityv1.GetUserRequest],
) (*connect.Response[identityv1.GetUserResponse], error) {
	if request.Msg.GetUserId() != "me" {
		failure := connect.NewError(connect.CodeNotFound, errors.New("no such user"))
		detail, err := connect.NewErrorDetail(&errdetails.ErrorInfo{Reason: "USER_NOT_FOUND", Domain: "id.koder.dev"})
		if err != nil {
			return nil, err
		}
		failure.AddDetail(detail)
		return nil, failure
	}
	return connect.NewResponse(&identityv1.GetUserResponse{User: &identityv1.User{Username: "ada"}}), nil
}

func TestClientReadsAnswersAndReasons(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle(identityv1connect.NewUserServiceHandler(users{}))
	server := httptest.NewServer(mux)
	defer server.Close()
	client := identityv1connect.NewUserServiceClient(server.Client(), server.URL)

	answer, err := client.GetUser(t.Context(), connect.NewRequest(&identityv1.GetUserRequest{UserId: "me"}))
	if err != nil || answer.Msg.GetUser().GetUsername() != "ada" {
		t.Fatalf("got %v, %v", answer, err)
	}

	_, err = client.GetUser(t.Context(), connect.NewRequest(&identityv1.GetUserRequest{UserId: "x"}))
	var failure *connect.Error
	if !errors.As(err, &failure) || len(failure.Details()) != 1 {
		t.Fatalf("got %v", err)
	}
	detail, err := failure.Details()[0].Value()
	if err != nil {
		t.Fatal(err)
	}
	info, ok := detail.(*errdetails.ErrorInfo)
	if !ok || info.GetReason() != "USER_NOT_FOUND" {
		text, _ := json.Marshal(detail)
		t.Fatalf("got %s", text)
	}
}
