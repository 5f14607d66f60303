package koderid

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	adminv1 "github.com/koder-id/koder-id/gen/go/koder/admin/v1"
	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
)

func away(details ...proto.Message) *connect.Error {
	return refused(connect.CodeUnavailable, ReasonUnavailable, details...)
}

func TestReadsAreRepeatedWhileTheServerIsAway(t *testing.T) {
	users := &fakeUsers{answer: func(n int, _ arrived) error {
		if n < 4 {
			return away()
		}
		return nil
	}}
	var waited pauses
	if err := getUser(t, newClient(t, serve(t, users), withRetries(waited.policy()))); err != nil {
		t.Fatal(err)
	}
	// Half of 100, 200 and 400 ms: the jitter of this test is the smallest.
	want := []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond}
	if !slices.Equal(waited.made, want) {
		t.Errorf("waited %v", waited.made)
	}
	for _, request := range users.all() {
		if values := request.header.Values("Connect-Timeout-Ms"); len(values) != 1 {
			t.Errorf("the deadline was sent as %v", values)
		}
	}
}

func TestAttemptsAreLimited(t *testing.T) {
	for _, attempts := range []int{1, 3} {
		users := &fakeUsers{answer: always(away())}
		var waited pauses
		client := newClient(t, serve(t, users), withRetries(waited.policy()), WithMaxAttempts(attempts))
		wantCode(t, getUser(t, client), connect.CodeUnavailable)
		if got := len(users.all()); got != attempts {
			t.Errorf("%d requests with %d attempts", got, attempts)
		}
	}
}

func TestOtherWritesAreNeverRepeated(t *testing.T) {
	users := &fakeUsers{answer: always(away())}
	var waited pauses
	client := newClient(t, serve(t, users), withRetries(waited.policy()))
	_, err := client.Users.UpdateUser(t.Context(), connect.NewRequest(&identityv1.UpdateUserRequest{UserId: "u"}))
	wantCode(t, err, connect.CodeUnavailable)
	if got := len(users.all()); got != 1 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestOtherErrorsAreNotRepeated(t *testing.T) {
	for _, code := range []connect.Code{connect.CodeInternal, connect.CodeAborted, connect.CodeDeadlineExceeded, connect.CodeNotFound} {
		users := &fakeUsers{answer: always(refused(code, ReasonInternal, retryInfo(0)))}
		var waited pauses
		wantCode(t, getUser(t, newClient(t, serve(t, users), withRetries(waited.policy()))), code)
		if got := len(users.all()); got != 1 {
			t.Errorf("%v: %d requests were sent", code, got)
		}
	}
}

func TestCreatesAreRepeatedWithOneRequestID(t *testing.T) {
	users := &fakeUsers{answer: func(n int, _ arrived) error {
		if n%2 == 1 {
			return away()
		}
		return nil
	}}
	var waited pauses
	client := newClient(t, serve(t, users), withRetries(waited.policy()))
	message := &identityv1.CreateUserRequest{User: &identityv1.User{Username: "ada"}}
	for range 2 {
		if _, err := client.Users.CreateUser(t.Context(), connect.NewRequest(message)); err != nil {
			t.Fatal(err)
		}
	}
	if message.GetRequestId() != "" {
		t.Error("the caller's message was changed: used again, it would be answered with the first result")
	}
	var ids []string
	for _, request := range users.all() {
		ids = append(ids, request.message.(*identityv1.CreateUserRequest).GetRequestId())
	}
	if len(ids) != 4 || ids[0] != ids[1] || ids[2] != ids[3] || ids[0] == ids[2] {
		t.Fatalf("the request ids are %v", ids)
	}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if !uuid.MatchString(ids[0]) {
		t.Errorf("%s is not a random UUID", ids[0])
	}
}

func TestAReadThatLooksForARequestIDIsNotGivenOne(t *testing.T) {
	events := &fakeEvents{}
	client := newClient(t, serveHTTP(t, eventsHandler(events)))
	for _, id := range []string{"", "01J9ZK3V5T8QW2X4Y6Z7ABCDEF"} {
		request := connect.NewRequest(&adminv1.ListEventsRequest{RequestId: id})
		if _, err := client.Events.ListEvents(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if got := events.asked[len(events.asked)-1].GetRequestId(); got != id {
			t.Errorf("the request id is %q, want %q", got, id)
		}
	}
}

func TestACallersRequestIDIsKept(t *testing.T) {
	users := &fakeUsers{answer: always(away())}
	var waited pauses
	client := newClient(t, serve(t, users), withRetries(waited.policy()), WithMaxAttempts(2))
	own := "01234567-89ab-4cde-8f01-23456789abcd"
	_, err := client.Users.CreateUser(t.Context(), connect.NewRequest(&identityv1.CreateUserRequest{RequestId: own}))
	wantCode(t, err, connect.CodeUnavailable)
	requests := users.all()
	if len(requests) != 2 {
		t.Fatalf("%d requests were sent", len(requests))
	}
	for _, request := range requests {
		if got := request.message.(*identityv1.CreateUserRequest).GetRequestId(); got != own {
			t.Errorf("the request id is %q", got)
		}
	}
}

func TestTheServersWaitIsHonoured(t *testing.T) {
	header := refused(connect.CodeResourceExhausted, ReasonOverloaded)
	header.Meta().Set("Retry-After", "2")
	for name, failure := range map[string]*connect.Error{
		"RetryInfo":                refused(connect.CodeResourceExhausted, ReasonOverloaded, retryInfo(2*time.Second)),
		"Retry-After":              header,
		"RetryInfo of UNAVAILABLE": away(retryInfo(2 * time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			users := &fakeUsers{answer: func(n int, _ arrived) error {
				if n == 1 {
					return failure
				}
				return nil
			}}
			var waited pauses
			if err := getUser(t, newClient(t, serve(t, users), withRetries(waited.policy()))); err != nil {
				t.Fatal(err)
			}
			if want := []time.Duration{2*time.Second + 50*time.Millisecond}; !slices.Equal(waited.made, want) {
				t.Errorf("waited %v", waited.made)
			}
		})
	}
}

func TestALimitWithoutATimeIsNotRepeated(t *testing.T) {
	users := &fakeUsers{answer: always(refused(connect.CodeResourceExhausted, ReasonBodyTooLarge))}
	var waited pauses
	wantCode(t, getUser(t, newClient(t, serve(t, users), withRetries(waited.policy()))), connect.CodeResourceExhausted)
	if got := len(users.all()); got != 1 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestNoWaitGoesPastTheDeadline(t *testing.T) {
	users := &fakeUsers{answer: always(away(retryInfo(time.Hour)))}
	// The real clock: had it waited, the test would not end.
	err := getUser(t, newClient(t, serve(t, users), WithTimeout(time.Minute)))
	wantCode(t, err, connect.CodeUnavailable)
	if got := len(users.all()); got != 1 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestACancelledCallIsNotRepeated(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	users := &fakeUsers{answer: always(away())}
	policy := defaultRetries()
	policy.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	client := newClient(t, serve(t, users), withRetries(policy))
	_, err := client.Users.GetUser(ctx, connect.NewRequest(&identityv1.GetUserRequest{}))
	wantCode(t, err, connect.CodeUnavailable)
	if got := len(users.all()); got != 1 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestSleepEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleepUntil(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if err := sleepUntil(t.Context(), time.Nanosecond); err != nil {
		t.Fatal(err)
	}
}

func TestARefusedConnectionIsRepeated(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	var waited pauses
	err := getUser(t, newClient(t, server.URL, withRetries(waited.policy())))
	wantCode(t, err, connect.CodeUnavailable)
	if len(waited.made) != 3 {
		t.Errorf("waited %v", waited.made)
	}
}

func TestPausesGrowToALimitAndDiffer(t *testing.T) {
	policy := defaultRetries()
	for failed := 1; failed < 100; failed++ {
		if pause := policy.pause(failed, 0); pause < 50*time.Millisecond || pause > 2*time.Second {
			t.Fatalf("pause %v after %d failures", pause, failed)
		}
	}
	policy.random = func() float64 { return 0.5 }
	if got := policy.pause(3, 0); got != 300*time.Millisecond {
		t.Errorf("got %v", got)
	}
	if got := policy.pause(50, time.Second); got != 2500*time.Millisecond {
		t.Errorf("got %v", got)
	}
}
