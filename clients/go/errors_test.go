package koderid

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

func TestAnErrorSaysWhatTheServerSaid(t *testing.T) {
	failure := refused(connect.CodeInvalidArgument, ReasonInvalidRequest, &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "user.email", Description: "must be an address"}, {Field: "user.name", Description: "is too long"},
		},
	}, retryInfo(1500*time.Millisecond))
	failure.Meta().Set("X-Request-Id", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
	err := getUser(t, newClient(t, serve(t, &fakeUsers{answer: always(failure)})))
	err = fmt.Errorf("read myself: %w", err)

	if got := Reason(err); got != ReasonInvalidRequest {
		t.Errorf("the reason is %q", got)
	}
	if got := ErrorID(err); got != "KID-IDN-001-ABCDEF" {
		t.Errorf("the error id is %q", got)
	}
	if got := RequestID(err); got != "01ARZ3NDEKTSV4RRFFQ69G5FAV" {
		t.Errorf("the request id is %q", got)
	}
	want := []Violation{{"user.email", "must be an address"}, {"user.name", "is too long"}}
	if got := Violations(err); !slices.Equal(got, want) {
		t.Errorf("the violations are %v", got)
	}
	if got, ok := RetryAfter(err); !ok || got != 1500*time.Millisecond {
		t.Errorf("to wait: %v, %v", got, ok)
	}
}

func TestAnErrorOfOthersHasNoReason(t *testing.T) {
	foreign := connect.NewError(connect.CodeUnavailable, errors.New("no upstream"))
	detail, err := connect.NewErrorDetail(&errdetails.ErrorInfo{Reason: "USER_NOT_FOUND", Domain: "mesh.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	foreign.AddDetail(detail)
	for _, err := range []error{nil, errors.New("plain"), foreign} {
		if Reason(err) != "" || ErrorID(err) != "" || RequestID(err) != "" || Violations(err) != nil || ErrorMetadata(err) != nil {
			t.Errorf("%v: got %q %q %q %v", err, Reason(err), ErrorID(err), RequestID(err), Violations(err))
		}
		if _, ok := RetryAfter(err); ok {
			t.Errorf("%v: has a time", err)
		}
	}
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "Thu, 01 Jan 2026 00:00:30 GMT": 30 * time.Second, "Wed, 31 Dec 2025 00:00:00 GMT": 0,
	} {
		if got, ok := retryAfterHeader(http.Header{"Retry-After": {value}}, now); !ok || got != want {
			t.Errorf("%q: got %v, %v", value, got, ok)
		}
	}
	for _, value := range []string{"", "-1", "1.5", "soon", "99999999999999999999"} {
		if got, ok := retryAfterHeader(http.Header{"Retry-After": {value}}, now); ok {
			t.Errorf("%q: got %v", value, got)
		}
	}
}
