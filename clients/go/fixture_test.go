package koderid

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
	"github.com/koder-id/koder-id/gen/go/koder/identity/v1/identityv1connect"
)

// arrived is one request as the server saw it.
type arrived struct {
	method  string
	message proto.Message
	header  http.Header
}

// fakeUsers is a user service that answers as a test says, and remembers what arrived.
type fakeUsers struct {
	identityv1connect.UnimplementedUserServiceHandler
	// answer gives the error of the n-th request, counted from 1; nil means success.
	answer func(n int, request arrived) error
	// pages are the answers of ListUsers, by page token.
	pages map[string]*identityv1.ListUsersResponse

	mutex    sync.Mutex
	requests []arrived
}

func (f *fakeUsers) arrive(method string, message proto.Message, header http.Header) error {
	request := arrived{method, message, header.Clone()}
	f.mutex.Lock()
	f.requests = append(f.requests, request)
	n := len(f.requests)
	f.mutex.Unlock()
	if f.answer == nil {
		return nil
	}
	return f.answer(n, request)
}

func (f *fakeUsers) all() []arrived {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return append([]arrived(nil), f.requests...)
}

func (f *fakeUsers) CreateUser(
	_ context.Context, request *connect.Request[identityv1.CreateUserRequest],
) (*connect.Response[identityv1.CreateUserResponse], error) {
	if err := f.arrive("CreateUser", request.Msg, request.Header()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&identityv1.CreateUserResponse{User: request.Msg.GetUser()}), nil
}

func (f *fakeUsers) GetUser(
	_ context.Context, request *connect.Request[identityv1.GetUserRequest],
) (*connect.Response[identityv1.GetUserResponse], error) {
	if err := f.arrive("GetUser", request.Msg, request.Header()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&identityv1.GetUserResponse{User: &identityv1.User{Id: request.Msg.GetUserId()}}), nil
}

func (f *fakeUsers) UpdateUser(
	_ context.Context, request *connect.Request[identityv1.UpdateUserRequest],
) (*connect.Response[identityv1.UpdateUserResponse], error) {
	if err := f.arrive("UpdateUser", request.Msg, request.Header()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&identityv1.UpdateUserResponse{}), nil
}

func (f *fakeUsers) ListUsers(
	_ context.Context, request *connect.Request[identityv1.ListUsersRequest],
) (*connect.Response[identityv1.ListUsersResponse], error) {
	if err := f.arrive("ListUsers", request.Msg, request.Header()); err != nil {
		return nil, err
	}
	return connect.NewResponse(f.pages[request.Msg.GetPageToken()]), nil
}

// serve starts a server for the test, over HTTP/1.1 and, unencrypted as well, HTTP/2.
func serve(t *testing.T, users *fakeUsers) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(identityv1connect.NewUserServiceHandler(users))
	return serveHTTP(t, mux)
}

func serveHTTP(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// pauses are the waits that a client would have made; it makes none.
type pauses struct {
	mutex sync.Mutex
	made  []time.Duration
}

func (p *pauses) sleep(ctx context.Context, pause time.Duration) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.made = append(p.made, pause)
	return ctx.Err()
}

func (p *pauses) policy() retryPolicy {
	policy := defaultRetries()
	policy.sleep = p.sleep
	policy.random = func() float64 { return 0 }
	return policy
}

// withRetries replaces the clock of retries.
func withRetries(policy retryPolicy) Option {
	return func(s *settings) { s.retries = policy }
}

func newClient(t *testing.T, url string, options ...Option) *Client {
	t.Helper()
	client, err := New(url, options...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func getUser(t *testing.T, client *Client) error {
	t.Helper()
	_, err := client.Users.GetUser(t.Context(), connect.NewRequest(&identityv1.GetUserRequest{UserId: "me"}))
	return err
}

// refused is an error as the server sends it.
func refused(code connect.Code, reason ErrorReason, details ...proto.Message) *connect.Error {
	failure := connect.NewError(code, nil)
	info := &errdetails.ErrorInfo{
		Reason: string(reason), Domain: errorDomain, Metadata: map[string]string{"id": "KID-IDN-001-ABCDEF"},
	}
	for _, message := range append([]proto.Message{info}, details...) {
		detail, err := connect.NewErrorDetail(message)
		if err != nil {
			panic(err)
		}
		failure.AddDetail(detail)
	}
	return failure
}

func retryInfo(delay time.Duration) proto.Message {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}
}

func always(err error) func(int, arrived) error {
	return func(int, arrived) error { return err }
}

func wantCode(t *testing.T, err error, code connect.Code) {
	t.Helper()
	if err == nil || connect.CodeOf(err) != code {
		t.Fatalf("got %v, want the code %v", err, code)
	}
}
