package koderid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
)

// parseToken reads a good answer (RFC 6749 §5.1).
func parseToken(body []byte) (string, time.Duration, error) {
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		// What the decoder says could hold a piece of the token.
		return "", 0, errors.New("koderid: token answer: is not the JSON of RFC 6749 §5.1")
	}
	if answer.AccessToken == "" {
		return "", 0, errors.New("koderid: token answer: access_token is missing")
	}
	if !strings.EqualFold(answer.TokenType, "Bearer") {
		return "", 0, fmt.Errorf("koderid: token answer: token_type %q is not Bearer", answer.TokenType)
	}
	// Without a lifetime, or with one beyond what a duration holds, the token serves only those who wait for it.
	const day = 24 * 60 * 60
	return answer.AccessToken, time.Duration(min(max(0, answer.ExpiresIn), day)) * time.Second, nil
}

// refusal is the error of an answer other than 200 (RFC 6749 §5.2).
func refusal(response *http.Response, body []byte) error {
	refused := &TokenError{Status: response.StatusCode}
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) == nil {
		refused.Code, refused.Description = answer.Error, answer.Description
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		away := connect.NewError(connect.CodeUnavailable, refused)
		for _, name := range []string{"Retry-After", "X-Request-Id"} {
			if value := response.Header.Get(name); value != "" {
				away.Meta().Set(name, value)
			}
		}
		return away
	default:
		return refused
	}
}

// TokenError is a refusal of the token endpoint (RFC 6749 §5.2).
type TokenError struct {
	// Status of HTTP.
	Status int
	// Code is the standard's error, for instance invalid_client; empty when something else than the server answered.
	Code string
	// Description is for people; it may be empty.
	Description string
}

// Error names code and description.
func (e *TokenError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("koderid: the token endpoint answered %d", e.Status)
	}
	return fmt.Sprintf("koderid: the token endpoint answered %d %s: %s", e.Status, e.Code, e.Description)
}
