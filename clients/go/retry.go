package koderid

import (
	"context"
	"math/rand/v2"
	"time"

	"connectrpc.com/connect"
)

// retryPolicy says how often and after how long something is tried again.
type retryPolicy struct {
	// attempts in all; 1 means that nothing is repeated.
	attempts int
	// first pause, doubled each time up to longest.
	first, longest time.Duration
	// random gives a number in [0, 1).
	random func() float64
	// sleep waits, or returns the context's error if that ends before.
	sleep func(ctx context.Context, pause time.Duration) error
}

func defaultRetries() retryPolicy {
	return retryPolicy{
		attempts: 4, first: 100 * time.Millisecond, longest: 2 * time.Second,
		random: rand.Float64, sleep: sleepUntil,
	}
}

// pause is how long to wait after so many failed attempts: between a half and the whole of the doubled pause, so that
// clients which failed together do not come back together. What the server asked for is a minimum.
func (p retryPolicy) pause(failed int, asked time.Duration) time.Duration {
	whole := p.first
	for range failed - 1 {
		whole = min(2*whole, p.longest)
	}
	own := time.Duration((0.5 + p.random()/2) * float64(whole))
	if asked > 0 {
		// Jitter on top: all who were turned away heard the same number.
		return asked + own
	}
	return own
}

// run calls attempt until it succeeds, until it says that a repeat makes no sense, or until no attempt or no time is
// left. It returns the last error. `attempt` returns how long the server asked to wait, if it did.
func (p retryPolicy) run(ctx context.Context, attempt func() (again bool, asked time.Duration, err error)) error {
	for failed := 1; ; failed++ {
		again, asked, err := attempt()
		if err == nil || !again || failed >= p.attempts || ctx.Err() != nil {
			return err
		}
		pause := p.pause(failed, asked)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
			return err
		}
		if p.sleep(ctx, pause) != nil {
			return err
		}
	}
}

// retryInterceptor repeats what is safe to repeat: reads, and creates with a request id.
func retryInterceptor(policy retryPolicy) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			if !repeatable(request) {
				return next(ctx, request)
			}
			var response connect.AnyResponse
			err := policy.run(ctx, func() (bool, time.Duration, error) {
				var err error
				// The transport writes to the header and may still read it after a failure: each attempt gets its own.
				response, err = next(ctx, withHeader(request, request.Header().Clone()))
				again, asked := worthRepeating(err)
				return again, asked, err
			})
			if err != nil {
				return nil, err
			}
			return response, nil
		}
	}
}

// repeatable says whether sending a request twice does no more than sending it once.
func repeatable(request connect.AnyRequest) bool {
	switch request.Spec().IdempotencyLevel {
	case connect.IdempotencyNoSideEffects, connect.IdempotencyIdempotent:
		return true
	default:
		return hasRequestID(request.Any())
	}
}

// worthRepeating says whether the same request may succeed later: the server is away, or it is busy and says for how
// long. A limit without a time, such as a body that is too large, will be the same limit next time.
func worthRepeating(err error) (again bool, asked time.Duration) {
	if err == nil {
		return false, 0
	}
	asked, stated := RetryAfter(err)
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable:
		return true, asked
	case connect.CodeResourceExhausted:
		return stated, asked
	default:
		return false, 0
	}
}

func sleepUntil(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
