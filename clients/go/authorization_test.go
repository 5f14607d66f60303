package koderid

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
)

// countingSource gives token-1 until it is told to forget it, then token-2 and so on.
type countingSource struct{ forgotten atomic.Int32 }

func (s *countingSource) Token(context.Context) (string, error) {
	return fmt.Sprintf("token-%d", s.forgotten.Load()+1), nil
}

func (s *countingSource) Forget(token string) {
	var n int32
	_, _ = fmt.Sscanf(token, "token-%d", &n)
	s.forgotten.CompareAndSwap(n-1, n)
}

// stubbornSource forgets nothing.
type stubbornSource struct{ TokenSource }

func (stubbornSource) Forget(string) {}

func unauthenticated(reason ErrorReason) error { return refused(connect.CodeUnauthenticated, reason) }

func TestTheTokenIsSent(t *testing.T) {
	users := &fakeUsers{}
	if err := getUser(t, newClient(t, serve(t, users), WithTokenSource(StaticToken("kak_1")))); err != nil {
		t.Fatal(err)
	}
	if got := users.all()[0].header.Get("Authorization"); got != "Bearer kak_1" {
		t.Errorf("got %q", got)
	}
}

func TestTheRequestsOwnCredentialWins(t *testing.T) {
	users := &fakeUsers{}
	client := newClient(t, serve(t, users), WithTokenSource(StaticToken("kak_1")))
	request := connect.NewRequest(&identityv1.GetUserRequest{})
	request.Header().Set("Authorization", "Bearer own")
	if _, err := client.Users.GetUser(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if got := users.all()[0].header.Values("Authorization"); len(got) != 1 || got[0] != "Bearer own" {
		t.Errorf("got %q", got)
	}
}

func TestTheCallersRequestKeepsNoCredential(t *testing.T) {
	client := newClient(t, serve(t, &fakeUsers{}), WithTokenSource(StaticToken("kak_1")))
	request := connect.NewRequest(&identityv1.GetUserRequest{})
	if _, err := client.Users.GetUser(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if got := request.Header().Get("Authorization"); got != "" {
		t.Errorf("got %q: with a second client, the request would carry the first one's credential", got)
	}
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	users := &fakeUsers{answer: func(_ int, request arrived) error {
		if request.header.Get("Authorization") != "Bearer token-2" {
			return unauthenticated(ReasonCredentialInvalid)
		}
		return nil
	}}
	client := newClient(t, serve(t, users), WithTokenSource(&countingSource{}))
	// A write, too: the call that was refused was not begun.
	_, err := client.Users.UpdateUser(t.Context(), connect.NewRequest(&identityv1.UpdateUserRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(users.all()); got != 2 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestATokenIsNotRenewedForEver(t *testing.T) {
	for name, expect := range map[string]struct {
		source   TokenSource
		reason   ErrorReason
		requests int
	}{
		"a source with new tokens":          {&countingSource{}, ReasonCredentialInvalid, 2},
		"a source with the same token":      {stubbornSource{StaticToken("kak_1")}, ReasonCredentialInvalid, 1},
		"a source that cannot forget":       {StaticToken("kak_1"), ReasonCredentialInvalid, 1},
		"a person who must sign in again":   {&countingSource{}, ReasonSignInTooOld, 1},
		"no source, and no credential":      {nil, ReasonCredentialMissing, 1},
		"a source, and an answer of others": {&countingSource{}, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			users := &fakeUsers{answer: always(unauthenticated(expect.reason))}
			err := getUser(t, newClient(t, serve(t, users), WithTokenSource(expect.source)))
			wantCode(t, err, connect.CodeUnauthenticated)
			if got := len(users.all()); got != expect.requests {
				t.Errorf("%d requests were sent, want %d", got, expect.requests)
			}
		})
	}
}

func TestARefusedStreamFailsAndAnotherHasAnotherToken(t *testing.T) {
	events := &fakeEvents{watch: func(_ context.Context, n int, send func() error) error {
		if n == 2 {
			if err := send(); err != nil {
				return err
			}
		}
		if n < 3 {
			return unauthenticated(ReasonCredentialInvalid)
		}
		return nil
	}}
	client := newClient(t, serveHTTP(t, eventsHandler(events)), WithTokenSource(&countingSource{}))
	for range 2 {
		wantCode(t, watchEvents(t.Context(), client, nil), connect.CodeUnauthenticated)
	}
	if err := watchEvents(t.Context(), client, nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Bearer token-1", "Bearer token-2", "Bearer token-3"}; !slices.Equal(events.tokens, want) {
		t.Errorf("got %q, want %q", events.tokens, want)
	}
}

func TestACallWithoutATokenIsNotSent(t *testing.T) {
	users := &fakeUsers{}
	url := serve(t, users)
	broken := errors.New("the vault is sealed")
	err := getUser(t, newClient(t, url, WithTokenSource(TokenFunc(func(context.Context) (string, error) { return "", broken }))))
	wantCode(t, err, connect.CodeUnauthenticated)
	if !errors.Is(err, broken) {
		t.Errorf("%v does not wrap the cause", err)
	}
	wantCode(t, getUser(t, newClient(t, url, WithTokenSource(StaticToken("")))), connect.CodeUnauthenticated)
	if got := len(users.all()); got != 0 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestASourceSeesTheDeadline(t *testing.T) {
	source := TokenFunc(func(ctx context.Context) (string, error) {
		if _, ok := ctx.Deadline(); !ok {
			return "", errors.New("no deadline")
		}
		return "kak_1", nil
	})
	if err := getUser(t, newClient(t, serve(t, &fakeUsers{}), WithTokenSource(source))); err != nil {
		t.Fatal(err)
	}
	late := TokenFunc(func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
	err := getUser(t, newClient(t, serve(t, &fakeUsers{}), WithTokenSource(late), WithTimeout(1)))
	wantCode(t, err, connect.CodeDeadlineExceeded)
	if strings.Contains(err.Error(), "unauthenticated") {
		t.Error(err)
	}
}
