package koderid

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
)

// outgoing is a request as it is sent, which may differ from the caller's own: that one is never written to, so that it
// can be used again and by others at the same time.
type outgoing struct {
	connect.AnyRequest
	message any
	header  http.Header
}

// Any is the message sent.
func (o outgoing) Any() any { return o.message }

// Header is the header sent.
func (o outgoing) Header() http.Header { return o.header }

func withMessage(request connect.AnyRequest, message any) connect.AnyRequest {
	return outgoing{request, message, request.Header()}
}

func withHeader(request connect.AnyRequest, header http.Header) connect.AnyRequest {
	return outgoing{request, request.Any(), header}
}

// headerInterceptor adds the same headers to every call and every stream.
type headerInterceptor struct {
	headers http.Header
}

// WrapUnary adds them to a unary call.
func (h headerInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	if len(h.headers) == 0 {
		return next
	}
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		header := request.Header().Clone()
		for name, values := range h.headers {
			header[name] = values
		}
		return next(ctx, withHeader(request, header))
	}
}

// WrapStreamingClient adds them to a stream.
func (h headerInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		for name, values := range h.headers {
			conn.RequestHeader()[name] = values
		}
		return conn
	}
}

// WrapStreamingHandler leaves servers as they are.
func (h headerInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
