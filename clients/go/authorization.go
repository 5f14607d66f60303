package koderid

import (
	"context"
	"errors"

	"connectrpc.com/connect"
)

// authorizationInterceptor sends the credential. A call that is refused for its credential was not begun; it is repeated
// once, whatever the method, if the source has another token then.
type authorizationInterceptor struct {
	source TokenSource
}

// WrapUnary adds the credential to a unary call.
func (a *authorizationInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		if a.source == nil || request.Header().Get("Authorization") != "" {
			return next(ctx, request)
		}
		token, err := a.source.Token(ctx)
		if err != nil {
			return nil, tokenFailure(ctx, err)
		}
		response, err := next(ctx, authorized(request, token))
		source, ok := a.source.(Forgetter)
		if !ok || !credentialRefused(err) {
			return response, err
		}
		source.Forget(token)
		renewed, tokenErr := a.source.Token(ctx)
		if tokenErr != nil {
			return nil, tokenFailure(ctx, tokenErr)
		}
		if renewed == token {
			return response, err
		}
		return next(ctx, authorized(request, renewed))
	}
}

// WrapStreamingClient adds the credential to a stream. A stream that is refused fails: only its caller knows where to go on.
// The source forgets the token, so that another stream has another one.
func (a *authorizationInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		if a.source == nil || conn.RequestHeader().Get("Authorization") != "" {
			return conn
		}
		token, err := a.source.Token(ctx)
		if err != nil {
			return failedConn{conn, tokenFailure(ctx, err)}
		}
		conn.RequestHeader().Set("Authorization", "Bearer "+token)
		if source, ok := a.source.(Forgetter); ok {
			return forgettingConn{conn, source, token}
		}
		return conn
	}
}

// forgettingConn is a stream whose token is forgotten once it was refused.
type forgettingConn struct {
	connect.StreamingClientConn
	source Forgetter
	token  string
}

// Receive hears of the refusal.
func (f forgettingConn) Receive(message any) error {
	err := f.StreamingClientConn.Receive(message)
	if credentialRefused(err) {
		f.source.Forget(f.token)
	}
	return err
}

// failedConn is a stream that failed before it was sent.
type failedConn struct {
	connect.StreamingClientConn
	err error
}

// Send fails.
func (f failedConn) Send(any) error { return f.err }

// Receive fails.
func (f failedConn) Receive(any) error { return f.err }

// WrapStreamingHandler leaves servers as they are.
func (a *authorizationInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func authorized(request connect.AnyRequest, token string) connect.AnyRequest {
	header := request.Header().Clone()
	header.Set("Authorization", "Bearer "+token)
	return withHeader(request, header)
}

// credentialRefused says whether another token may help. Where the sign-in behind it is too old, a person must act.
func credentialRefused(err error) bool {
	return err != nil && connect.CodeOf(err) == connect.CodeUnauthenticated && Reason(err) != ReasonSignInTooOld
}

// tokenFailure is the error of a call for which no token could be had, with the code that says what to do about it.
func tokenFailure(ctx context.Context, err error) error {
	var known *connect.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	case ctx.Err() != nil:
		return connect.NewError(connect.CodeCanceled, err)
	default:
		return connect.NewError(connect.CodeUnauthenticated, err)
	}
}
