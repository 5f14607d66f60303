// Command interop signs a person in with golang.org/x/oauth2 and github.com/coreos/go-oidc, as an application would: unmodified,
// and told of nothing but the issuer and its registration. It prints what it learnt, a line each.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var err error
	switch flow := os.Getenv("FLOW"); flow {
	case "code":
		err = codeFlow(ctx)
	case "device":
		err = deviceFlow(ctx)
	default:
		err = fmt.Errorf("no such flow: %q", flow)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func setUp(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		return nil, nil, fmt.Errorf("discovery: %w", err)
	}
	return provider, &oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}, nil
}

// codeFlow: authorization code with PKCE, id token, userinfo, refresh, logout.
func codeFlow(ctx context.Context) error {
	provider, config, err := setUp(ctx)
	if err != nil {
		return err
	}
	verifier := oauth2.GenerateVerifier()
	browser, err := newBrowser()
	if err != nil {
		return err
	}
	callback, err := signIn(browser, config.AuthCodeURL("a-state", oidc.Nonce("a-nonce"), oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return fmt.Errorf("sign-in: %w", err)
	}
	if state := callback.Query().Get("state"); state != "a-state" {
		return fmt.Errorf("the state came back as %q", state)
	}
	token, err := config.Exchange(ctx, callback.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	if err := learn(ctx, provider, config, token, "a-nonce"); err != nil {
		return err
	}
	return signOut(browser, provider, token)
}

// signOut leads the browser to the end of its session. The library knows no more of it than what discovery says.
func signOut(browser *http.Client, provider *oidc.Provider, token *oauth2.Token) error {
	var metadata struct {
		EndSessionEndpoint string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	query := url.Values{
		"id_token_hint":            {raw},
		"post_logout_redirect_uri": {os.Getenv("AFTER_LOGOUT")},
		"state":                    {"the-end"},
	}
	location, err := follow(browser.Get(metadata.EndSessionEndpoint + "?" + query.Encode()))
	if err != nil {
		return fmt.Errorf("logout: %w", err)
	}
	fmt.Println("signed out", location)
	return nil
}

// deviceFlow: a device's codes, and its tokens once the person has allowed it. The line `code` is for whoever is the person.
func deviceFlow(ctx context.Context) error {
	provider, config, err := setUp(ctx)
	if err != nil {
		return err
	}
	waiting, err := config.DeviceAuth(ctx)
	if err != nil {
		return fmt.Errorf("device authorization: %w", err)
	}
	fmt.Println("code", waiting.UserCode)
	token, err := config.DeviceAccessToken(ctx, waiting)
	if err != nil {
		return fmt.Errorf("device token: %w", err)
	}
	return learn(ctx, provider, config, token, "")
}

// learn verifies the id token, asks userinfo, and does both again with a refreshed token.
func learn(ctx context.Context, provider *oidc.Provider, config *oauth2.Config, token *oauth2.Token, nonce string) error {
	raw, _ := token.Extra("id_token").(string)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return fmt.Errorf("id token: %w", err)
	}
	if idToken.Nonce != nonce {
		return fmt.Errorf("the nonce came back as %q", idToken.Nonce)
	}
	if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
		return fmt.Errorf("at_hash: %w", err)
	}
	fmt.Println("subject", idToken.Subject)
	userInfo, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	fmt.Println("email", userInfo.Email)

	expired := *token
	expired.Expiry = time.Now().Add(-time.Minute)
	refreshed, err := config.TokenSource(ctx, &expired).Token()
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if refreshed.AccessToken == token.AccessToken || refreshed.RefreshToken == token.RefreshToken {
		return fmt.Errorf("a refresh gave the same tokens")
	}
	again, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(refreshed))
	if err != nil {
		return fmt.Errorf("userinfo after refresh: %w", err)
	}
	fmt.Println("refreshed", again.Subject)
	return nil
}

// newBrowser keeps cookies and follows nothing by itself.
func newBrowser() (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}, nil
}

// signIn is the person and their browser: it follows the application's URL to the sign-in page, and sends its form.
func signIn(browser *http.Client, at string) (*url.URL, error) {
	page, err := follow(browser.Get(at))
	if err != nil {
		return nil, err
	}
	return follow(browser.PostForm(os.Getenv("ISSUER")+"/sign-in", url.Values{
		"authorization": {page.Query().Get("authorization")},
		"username":      {os.Getenv("USERNAME")},
		"password":      {os.Getenv("PASSWORD")},
	}))
}

// follow answers where a response leads.
func follow(response *http.Response, err error) (*url.URL, error) {
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return response.Location()
}
