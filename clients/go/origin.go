package koderid

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// parseOrigin gives the origin without a slash at the end. It refuses what is more than an origin, and http to another
// machine unless that was asked for.
func parseOrigin(origin string, plaintext bool) (string, error) {
	address, err := url.Parse(origin)
	if err != nil || address.Host == "" || (address.Scheme != "https" && address.Scheme != "http") {
		return "", fmt.Errorf("koderid: origin: %q is not like https://id.example.com", withoutUser(address, origin))
	}
	if address.User != nil || address.RawQuery != "" || address.ForceQuery || address.Fragment != "" ||
		strings.TrimRight(address.Path, "/") != "" {
		return "", fmt.Errorf("koderid: origin: %q must be scheme, host and port only", withoutUser(address, origin))
	}
	if address.Scheme == "http" && !plaintext && !isLoopback(address.Hostname()) {
		return "", fmt.Errorf("koderid: origin: %q would send credentials in the clear; use https, or WithPlaintext", origin)
	}
	return address.Scheme + "://" + address.Host, nil
}

// withoutUser is the text of an origin for a message: a password in it stays out of logs.
func withoutUser(address *url.URL, origin string) string {
	if address == nil || strings.Contains(origin, "@") {
		return "…"
	}
	return origin
}

func isLoopback(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
