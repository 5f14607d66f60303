package koderid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
)

// ClientCredentialsConfig says as which client to sign in, and where.
type ClientCredentialsConfig struct {
	// Origin of the server, as for [New].
	Origin string
	// ClientID and ClientSecret of a confidential client with the grant type client_credentials.
	ClientID, ClientSecret string
	// Scope asked for, separated by spaces; empty means all that the client may have.
	Scope string
	// SecretInBody sends the secret in the form, for a client registered with client_secret_post. Default: HTTP Basic.
	SecretInBody bool
	// HTTPClient sends the requests; default: one that does not follow redirects.
	HTTPClient connect.HTTPClient
	// Plaintext is [WithPlaintext].
	Plaintext bool
}

// ClientCredentials is a [TokenSource] that signs in as a client (RFC 6749 §4.4). It keeps the token until shortly before
// it expires, and asks for a new one once, however many calls wait for it.
type ClientCredentials struct {
	config   ClientCredentialsConfig
	endpoint string
	retries  retryPolicy
	now      func() time.Time

	mutex   sync.Mutex
	token   string
	renewAt time.Time
	pending *tokenFetch
}

// tokenFetch is one request for a token; its result may be read once done is closed.
type tokenFetch struct {
	done  chan struct{}
	token string
	err   error
}

// fetchTimeout is how long a token may take, whoever waits for it.
const fetchTimeout = 10 * time.Second

// maxTokenAnswerBytes bounds what is read of the token endpoint's answer.
const maxTokenAnswerBytes = 1 << 20

// NewClientCredentials makes the source; it asks for the first token when one is needed. It fails when a field of the
// configuration cannot be right.
func NewClientCredentials(config ClientCredentialsConfig) (*ClientCredentials, error) {
	origin, err := parseOrigin(config.Origin, config.Plaintext)
	faults := []error{err}
	if config.ClientID == "" {
		faults = append(faults, errors.New("koderid: ClientID: must not be empty"))
	}
	if config.ClientSecret == "" {
		faults = append(faults, errors.New("koderid: ClientSecret: must not be empty"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if config.HTTPClient == nil {
		config.HTTPClient = newHTTPClient(false)
	}
	return &ClientCredentials{
		config: config, endpoint: origin + "/oauth/v2/token", retries: defaultRetries(), now: time.Now,
	}, nil
}

// Token gives the token at hand, or waits for a new one. A refusal of the endpoint is a [*TokenError].
func (c *ClientCredentials) Token(ctx context.Context) (string, error) {
	c.mutex.Lock()
	if c.token != "" && c.now().Before(c.renewAt) {
		defer c.mutex.Unlock()
		return c.token, nil
	}
	fetch := c.pending
	if fetch == nil {
		fetch = &tokenFetch{done: make(chan struct{})}
		c.pending = fetch
		// The others wait for it too: it does not end with the call that happened to be the first.
		go c.fetch(context.WithoutCancel(ctx), fetch)
	}
	c.mutex.Unlock()

	select {
	case <-fetch.done:
		return fetch.token, fetch.err
	case <-ctx.Done():
		return "", fmt.Errorf("koderid: waiting for a token: %w", ctx.Err())
	}
}

// Forget drops a token that the server refused, so that the next call asks for another.
func (c *ClientCredentials) Forget(token string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.token == token {
		c.token = ""
	}
}

func (c *ClientCredentials) fetch(ctx context.Context, fetch *tokenFetch) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var lifetime time.Duration
	asked := c.now()
	fetch.err = c.retries.run(ctx, func() (again bool, wait time.Duration, err error) {
		asked = c.now()
		fetch.token, lifetime, err = c.request(ctx)
		again, wait = worthRepeating(err)
		return again, wait, err
	})

	c.mutex.Lock()
	c.pending = nil
	if fetch.err == nil {
		c.token = fetch.token
		// A token sent at the end of its life would expire on the way, or on a server whose clock is ahead.
		c.renewAt = asked.Add(lifetime - min(lifetime/5, time.Minute))
	}
	c.mutex.Unlock()
	close(fetch.done)
}

// request asks once. An answer that may be another one later is a connect error with the code UNAVAILABLE.
func (c *ClientCredentials) request(ctx context.Context) (token string, lifetime time.Duration, err error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if c.config.Scope != "" {
		form.Set("scope", c.config.Scope)
	}
	if c.config.SecretInBody {
		form.Set("client_id", c.config.ClientID)
		form.Set("client_secret", c.config.ClientSecret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, fmt.Errorf("koderid: token request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	if !c.config.SecretInBody {
		// Form-encoded before they are joined (RFC 6749 §2.3.1).
		request.SetBasicAuth(url.QueryEscape(c.config.ClientID), url.QueryEscape(c.config.ClientSecret))
	}
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return "", 0, connect.NewError(connect.CodeUnavailable, fmt.Errorf("koderid: token request: %w", err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxTokenAnswerBytes))
	if err != nil {
		return "", 0, connect.NewError(connect.CodeUnavailable, fmt.Errorf("koderid: token answer: %w", err))
	}
	if response.StatusCode != http.StatusOK {
		return "", 0, refusal(response, body)
	}
	return parseToken(body)
}
