package koderid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
)

// fakeEndpoint is a token endpoint that answers as a test says, else with token-1, token-2 and so on.
type fakeEndpoint struct {
	answer func(n int32, w http.ResponseWriter, r *http.Request)
	asked  atomic.Int32
}

func (e *fakeEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := e.asked.Add(1)
	if e.answer != nil {
		e.answer(n, w, r)
		return
	}
	writeToken(w, n)
}

func writeToken(w http.ResponseWriter, n int32) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":900}`, n)
}

func newSource(t *testing.T, handler http.Handler, change ...func(*ClientCredentialsConfig)) (*ClientCredentials, *pauses) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("POST /oauth/v2/token", handler)
	config := ClientCredentialsConfig{Origin: serveHTTP(t, mux), ClientID: "robot", ClientSecret: "s3cret"}
	for _, one := range change {
		one(&config)
	}
	source, err := NewClientCredentials(config)
	if err != nil {
		t.Fatal(err)
	}
	waited := &pauses{}
	source.retries = waited.policy()
	return source, waited
}

func wantToken(t *testing.T, source TokenSource, want string) {
	t.Helper()
	if got, err := source.Token(t.Context()); err != nil || got != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

func TestClientCredentialsAreSentAsTheStandardSays(t *testing.T) {
	var form url.Values
	var user, password string
	var basic bool
	endpoint := &fakeEndpoint{answer: func(n int32, w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.PostForm
		user, password, basic = r.BasicAuth()
		writeToken(w, n)
	}}
	source, _ := newSource(t, endpoint, func(c *ClientCredentialsConfig) {
		c.ClientID, c.ClientSecret, c.Scope = "robot~1", "a:b c%+é", "users.read users.write"
	})
	wantToken(t, source, "token-1")
	if !basic || user != "robot~1" || password != "a%3Ab+c%25%2B%C3%A9" {
		t.Errorf("basic %v, user %q, password %q", basic, user, password)
	}
	want := url.Values{"grant_type": {"client_credentials"}, "scope": {"users.read users.write"}}
	if form.Encode() != want.Encode() {
		t.Errorf("the form is %v", form)
	}

	source, _ = newSource(t, endpoint, func(c *ClientCredentialsConfig) { c.SecretInBody = true })
	wantToken(t, source, "token-2")
	want = url.Values{"grant_type": {"client_credentials"}, "client_id": {"robot"}, "client_secret": {"s3cret"}}
	if basic || form.Encode() != want.Encode() {
		t.Errorf("basic %v, form %v", basic, form)
	}
}

func TestTheTokenIsKeptUntilShortlyBeforeItExpires(t *testing.T) {
	source, _ := newSource(t, &fakeEndpoint{})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	source.now = func() time.Time { return now }
	wantToken(t, source, "token-1")
	now = now.Add(14*time.Minute - time.Millisecond)
	wantToken(t, source, "token-1")
	now = now.Add(time.Millisecond) // a minute before the end
	wantToken(t, source, "token-2")
	wantToken(t, source, "token-2")
}

func TestAForgottenTokenIsReplaced(t *testing.T) {
	source, _ := newSource(t, &fakeEndpoint{})
	wantToken(t, source, "token-1")
	source.Forget("token-1")
	wantToken(t, source, "token-2")
	// Late news of the first: many calls were refused with it.
	source.Forget("token-1")
	wantToken(t, source, "token-2")
}

func TestOneRequestServesAllWhoWait(t *testing.T) {
	release := make(chan struct{})
	endpoint := &fakeEndpoint{answer: func(n int32, w http.ResponseWriter, _ *http.Request) {
		<-release
		writeToken(w, n)
	}}
	source, _ := newSource(t, endpoint)
	var begun, done sync.WaitGroup
	for range 50 {
		begun.Add(1)
		done.Go(func() {
			begun.Done()
			if token, err := source.Token(t.Context()); err != nil || token != "token-1" {
				t.Errorf("got %q, %v", token, err)
			}
		})
	}
	begun.Wait()
	close(release)
	done.Wait()
	if got := endpoint.asked.Load(); got != 1 {
		t.Errorf("the endpoint was asked %d times", got)
	}
}

func TestTheRequestOutlivesTheCallThatBeganIt(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	endpoint := &fakeEndpoint{answer: func(n int32, w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		writeToken(w, n)
	}}
	source, _ := newSource(t, endpoint)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { _, err := source.Token(ctx); ended <- err }()
	<-arrived
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(release)
	wantToken(t, source, "token-1")
}

func TestTheEndpointIsAskedAgainWhileItIsAway(t *testing.T) {
	endpoint := &fakeEndpoint{answer: func(n int32, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		writeToken(w, n)
	}}
	source, waited := newSource(t, endpoint)
	wantToken(t, source, "token-2")
	if want := []time.Duration{2*time.Second + 50*time.Millisecond}; !slices.Equal(waited.made, want) {
		t.Errorf("waited %v", waited.made)
	}
}

func TestARefusalIsTypedAndNotRepeated(t *testing.T) {
	endpoint := &fakeEndpoint{answer: func(_ int32, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"who is that"}`))
	}}
	source, _ := newSource(t, endpoint)
	users := &fakeUsers{}
	err := getUser(t, newClient(t, serve(t, users), WithTokenSource(source)))
	wantCode(t, err, connect.CodeUnauthenticated)
	var refused *TokenError
	if !errors.As(err, &refused) || refused.Code != "invalid_client" || refused.Status != http.StatusUnauthorized {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error has the secret: %v", err)
	}
	if asked, sent := endpoint.asked.Load(), len(users.all()); asked != 1 || sent != 0 {
		t.Errorf("%d token requests, %d calls", asked, sent)
	}
	// It is not remembered: an operator may have put it right.
	endpoint.answer = nil
	wantToken(t, source, "token-2")
}

func TestAnAnswerThatIsNoTokenIsAnError(t *testing.T) {
	for body, want := range map[string]string{
		``:                                "RFC 6749",
		`{"access_token":"secret-token`:   "RFC 6749",
		`{"access_token":7}`:              "RFC 6749",
		`{"token_type":"Bearer"}`:         "access_token",
		`{"access_token":"secret-token"}`: "token_type",
		`{"access_token":"a","token_type":"N_A"}`: "token_type",
	} {
		source, _ := newSource(t, &fakeEndpoint{answer: func(_ int32, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(body))
		}})
		_, err := source.Token(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-token") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestATokenWithoutALifetimeIsNotKept(t *testing.T) {
	for _, lifetime := range []string{"", `,"expires_in":0`, `,"expires_in":-5`} {
		source, _ := newSource(t, &fakeEndpoint{answer: func(n int32, w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer"%s}`, n, lifetime)
		}})
		wantToken(t, source, "token-1")
		wantToken(t, source, "token-2")
	}
}

func TestTheSecretFollowsNoRedirect(t *testing.T) {
	var elsewhere atomic.Int32
	other := serveHTTP(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	source, _ := newSource(t, http.RedirectHandler(other, http.StatusTemporaryRedirect),
		func(c *ClientCredentialsConfig) { c.SecretInBody = true })
	_, err := source.Token(t.Context())
	var refused *TokenError
	if !errors.As(err, &refused) || refused.Status != http.StatusTemporaryRedirect {
		t.Errorf("got %v", err)
	}
	if elsewhere.Load() != 0 {
		t.Error("the secret was sent elsewhere")
	}
}

func TestNewClientCredentialsNamesWhatIsWrong(t *testing.T) {
	_, err := NewClientCredentials(ClientCredentialsConfig{Origin: "http://id.example.com"})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, field := range []string{"origin", "ClientID", "ClientSecret"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q does not name %s", err, field)
		}
	}
}

func TestACallSignsInAgainWhenItsTokenIsRefused(t *testing.T) {
	source, _ := newSource(t, &fakeEndpoint{})
	users := &fakeUsers{answer: func(_ int, request arrived) error {
		if request.header.Get("Authorization") == "Bearer token-1" {
			return unauthenticated(ReasonCredentialInvalid)
		}
		return nil
	}}
	client := newClient(t, serve(t, users), WithTokenSource(source))
	for range 2 {
		if err := getUser(t, client); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(users.all()); got != 3 {
		t.Errorf("%d requests were sent", got)
	}
}
