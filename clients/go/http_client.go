package koderid

import (
	"net"
	"net/http"
	"time"
)

// newHTTPClient is the client that is used unless a caller brings one. It has no time-out of its own: the context of each
// call has one.
func newHTTPClient(grpc bool) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	if grpc {
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			Protocols:           &protocols,
			TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConns:        100,
			// The default of 2 would open a connection for nearly every call of a busy program.
			MaxIdleConnsPerHost: 32,
			IdleConnTimeout:     90 * time.Second,
			// All calls are on one connection of HTTP/2: one that is dead, and whose peer never said so, would fail them for as
			// long as the system goes on sending, a quarter of an hour.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 3 * time.Second},
		},
		CheckRedirect: refuseRedirect,
	}
}

// refuseRedirect gives the redirect itself as the answer. The API has none, and a followed one would carry a credential,
// or a client's secret, to wherever it points.
func refuseRedirect(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}
