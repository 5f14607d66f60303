package koderid

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"
)

// Option changes what [New] makes.
type Option func(*settings)

type settings struct {
	source     TokenSource
	httpClient connect.HTTPClient
	timeout    time.Duration
	retries    retryPolicy
	headers    http.Header
	plaintext  bool
	grpc       bool
}

func defaults() settings {
	return settings{timeout: 10 * time.Second, retries: defaultRetries(), headers: http.Header{}}
}

func (s *settings) check() error {
	var faults []error
	if s.timeout <= 0 {
		faults = append(faults, fmt.Errorf("koderid: WithTimeout: %v is not a positive duration", s.timeout))
	}
	if s.retries.attempts < 1 {
		faults = append(faults, fmt.Errorf("koderid: WithMaxAttempts: %d is less than 1", s.retries.attempts))
	}
	return errors.Join(faults...)
}

// WithTokenSource sets where the credential of each call comes from. Without it, calls carry none, unless the request
// has an Authorization header of its own, which always wins.
func WithTokenSource(source TokenSource) Option {
	return func(s *settings) { s.source = source }
}

// WithHTTPClient sets what sends the requests, for instance one with a certificate authority of its own. It must not
// follow redirects, which may lead a credential elsewhere; the default one does not.
func WithHTTPClient(client connect.HTTPClient) Option {
	return func(s *settings) { s.httpClient = client }
}

// WithTimeout sets how long a call may take, retries included, when its context has no deadline. Default: 10 s.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithMaxAttempts sets how often a call that may be repeated is sent at most. Default: 4; 1 means that none is repeated.
func WithMaxAttempts(attempts int) Option {
	return func(s *settings) { s.retries.attempts = attempts }
}

// WithTenant selects a tenant other than the credential's own, by its id or slug, for one with authority over the
// instance. The server refuses it from any other.
func WithTenant(tenant string) Option {
	return func(s *settings) { s.headers.Set("X-Koder-Tenant", tenant) }
}

// WithGRPC speaks gRPC over HTTP/2 instead of Connect.
func WithGRPC() Option {
	return func(s *settings) { s.grpc = true }
}

// WithPlaintext allows http to another machine, for a network that is encrypted below. Without it only https is taken,
// and http to this machine: credentials do not travel in the clear by mistake.
func WithPlaintext() Option {
	return func(s *settings) { s.plaintext = true }
}
