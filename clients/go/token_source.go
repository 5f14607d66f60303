package koderid

import (
	"context"
	"errors"
)

// TokenSource gives the credential of a call, sent as Authorization: Bearer. It is asked before every call, by many
// goroutines at once, and should answer from memory when it can.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
}

// Forgetter is a [TokenSource] that can give another token when the server refuses one. After an UNAUTHENTICATED, the
// client tells it the token that was refused, asks again, and repeats the call once if the token is a new one.
type Forgetter interface {
	TokenSource
	// Forget drops the token, if it is still the one in use.
	Forget(token string)
}

// StaticToken is a TokenSource that always gives the same: an API key, or an access token that somebody else renews.
func StaticToken(token string) TokenSource {
	return TokenFunc(func(context.Context) (string, error) {
		if token == "" {
			return "", errors.New("the static token is empty")
		}
		return token, nil
	})
}

// TokenFunc makes a TokenSource of a function.
type TokenFunc func(ctx context.Context) (string, error)

// Token calls the function.
func (f TokenFunc) Token(ctx context.Context) (string, error) { return f(ctx) }
