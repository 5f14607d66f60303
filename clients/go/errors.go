package koderid

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// errorDomain is ErrorInfo.domain of every error of Koder ID.
const errorDomain = "id.koder.dev"

// ErrorReason is why a call was refused, from the closed lists of the contract.
type ErrorReason string

// Reason is why the server refused a call; empty when the error is nil or does not come from Koder ID, for instance
// because no server answered. A newer server may send a reason for which there is no constant here.
func Reason(err error) ErrorReason {
	return ErrorReason(errorInfo(err).GetReason())
}

// ErrorID is the id of this one occurrence of an error, KID-…: the server's logs have it too. Empty if there is none.
func ErrorID(err error) string {
	return errorInfo(err).GetMetadata()["id"]
}

// ErrorMetadata is what the server says beyond the reason, such as the permission that lacks. The map may be nil.
func ErrorMetadata(err error) map[string]string {
	return errorInfo(err).GetMetadata()
}

// RequestID is the id that the server gave the failed request, as its logs and traces name it. Empty if it gave none. It
// has nothing to do with the request_id of a create.
func RequestID(err error) string {
	var failure *connect.Error
	if !errors.As(err, &failure) {
		return ""
	}
	return failure.Meta().Get("X-Request-Id")
}

// Violation is a rule that one field of the request broke.
type Violation struct {
	// Field is its path in the request, with dots.
	Field string
	// Description is what would be right.
	Description string
}

// Violations are the fields that the server refused; none when the error is not about fields.
func Violations(err error) []Violation {
	var violations []Violation
	if refused, ok := detail[*errdetails.BadRequest](err, nil); ok {
		for _, one := range refused.GetFieldViolations() {
			violations = append(violations, Violation{Field: one.GetField(), Description: one.GetDescription()})
		}
	}
	return violations
}

// RetryAfter is how long the server asks to wait before a repeat, and whether it said so, in a RetryInfo or in the
// header Retry-After.
func RetryAfter(err error) (time.Duration, bool) {
	if info, ok := detail[*errdetails.RetryInfo](err, nil); ok && info.GetRetryDelay().IsValid() {
		return max(0, info.GetRetryDelay().AsDuration()), true
	}
	var failure *connect.Error
	if errors.As(err, &failure) {
		return retryAfterHeader(failure.Meta(), time.Now())
	}
	return 0, false
}

// retryAfterHeader reads Retry-After: seconds or a date (RFC 9110 §10.2.3).
func retryAfterHeader(header http.Header, now time.Time) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}

func errorInfo(err error) *errdetails.ErrorInfo {
	info, _ := detail(err, func(info *errdetails.ErrorInfo) bool { return info.GetDomain() == errorDomain })
	return info
}

// detail is the first detail of a type, among those that `wanted` takes.
func detail[T any](err error, wanted func(T) bool) (T, bool) {
	var failure *connect.Error
	if errors.As(err, &failure) {
		for _, packed := range failure.Details() {
			value, unpackErr := packed.Value()
			if unpackErr != nil {
				continue // A type that this program does not know; it is not the one looked for.
			}
			if typed, ok := value.(T); ok && (wanted == nil || wanted(typed)) {
				return typed, true
			}
		}
	}
	var none T
	return none, false
}
