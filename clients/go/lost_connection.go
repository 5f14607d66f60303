package koderid

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"

	"connectrpc.com/connect"
)

// lostConnectionInterceptor gives a connection that was lost the code UNAVAILABLE: Connect's own says CANCELED or INTERNAL,
// which are codes that the server has other meanings for.
type lostConnectionInterceptor struct{}

// WrapUnary names what a call fails with.
func (lostConnectionInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		response, err := next(ctx, request)
		return response, lostConnection(ctx, err)
	}
}

// WrapStreamingClient names what a stream fails with.
func (lostConnectionInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		return breakingConn{next(ctx, spec), ctx}
	}
}

// WrapStreamingHandler leaves servers as they are.
func (lostConnectionInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// breakingConn is a stream whose connection may be lost.
type breakingConn struct {
	connect.StreamingClientConn
	ctx context.Context
}

// Receive names what it fails with.
func (b breakingConn) Receive(message any) error {
	return lostConnection(b.ctx, b.StreamingClientConn.Receive(message))
}

// lostConnection is the error with the code UNAVAILABLE where the connection was lost, and neither the caller gave up nor the
// server said anything.
func lostConnection(ctx context.Context, err error) error {
	var failure *connect.Error
	if !errors.As(err, &failure) || ctx.Err() != nil || connect.IsWireError(err) {
		return err
	}
	for _, lost := range []error{syscall.ECONNRESET, syscall.EPIPE, io.ErrUnexpectedEOF} {
		if errors.Is(err, lost) {
			return connect.NewError(connect.CodeUnavailable, failure.Unwrap())
		}
	}
	// What net/http says of a connection on which no ping was answered; it has no error to compare with.
	if strings.HasSuffix(failure.Message(), "http2: client connection lost") {
		return connect.NewError(connect.CodeUnavailable, failure.Unwrap())
	}
	return err
}
