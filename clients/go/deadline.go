package koderid

import (
	"context"
	"time"

	"connectrpc.com/connect"
)

// deadlineInterceptor gives a call that has no deadline one. The server is told of it and gives up at the same time.
func deadlineInterceptor(timeout time.Duration) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			if _, ok := ctx.Deadline(); ok {
				return next(ctx, request)
			}
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return next(ctx, request)
		}
	}
}
