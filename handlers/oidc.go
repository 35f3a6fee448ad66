package handlers

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Provider is an OpenID provider at which the authority's people may sign in. It
// says who somebody is and never what he may: that is ours.
type Provider struct {
	Issuer, Client, Secret string
	// Claim names a user: sub, or another one that the provider verifies. An email
	// counts only with email_verified.
	Claim string
	// Factors are the values of amr or acr that say that the provider has asked for
	// a second step; none: ours is asked as after a password.
	Factors []string
	Name    string // what the button calls it; empty: the catalogue's words

	mu    sync.Mutex
	found *oidc.Provider
}

// providerWait bounds each question to the provider.
const providerWait = 5 * time.Second

var (
	// errForeign says that what came back is no proof of anything.
	errForeign = errors.New("not what the provider was asked for")
	// errAway says that the provider does not answer.
	errAway = errors.New("the provider does not answer")
)

// algorithms are the signatures that are believed: never none, never one with a
// shared secret.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

func (p *Provider) client(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: providerWait})
}

// discover asks the provider once where everything is, and again until it answers:
// the site starts without it.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		found, err := oidc.NewProvider(p.client(context.WithoutCancel(ctx)), p.Issuer)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errAway, err)
		}
		p.found = found
	}
	return p.found, nil
}

func (p *Provider) config(found *oidc.Provider, back string) *oauth2.Config {
	scopes := []string{oidc.ScopeOpenID}
	switch p.Claim {
	case "sub":
	case "email":
		scopes = append(scopes, "email")
	default:
		scopes = append(scopes, "profile")
	}
	return &oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, Endpoint: found.Endpoint(), RedirectURL: back, Scopes: scopes}
}

// ask is the address at which somebody signs in.
func (p *Provider) ask(ctx context.Context, back, state, nonce, verifier string) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.config(found, back).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// identity is who somebody is at the provider, and how he showed it.
type identity struct {
	name   string // the value of the claim; empty: none that is verified
	second bool   // he showed a second step
}

// claims are those of an ID token that we read.
type claims struct {
	AMR   []string `json:"amr"`
	ACR   string   `json:"acr"`
	AZP   string   `json:"azp"`
	Email string   `json:"email"`
}

// redeem turns a code into who somebody is: errForeign unless the provider itself
// says so, to us, now, for this browser.
func (p *Provider) redeem(ctx context.Context, back, code, nonce, verifier string, now func() time.Time) (identity, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return identity{}, err
	}
	ctx = p.client(ctx)
	token, err := p.config(found, back).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError:
		return identity{}, errForeign
	case err != nil:
		return identity{}, errAway
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.Client, SupportedSigningAlgs: algorithms, Now: now}).Verify(ctx, raw)
	if err != nil {
		return identity{}, errForeign
	}
	var c claims
	if err := id.Claims(&c); err != nil || id.Nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 ||
		c.AZP != "" && c.AZP != p.Client || len(id.Audience) > 1 && c.AZP == "" {
		return identity{}, errForeign
	}
	who := identity{second: slices.ContainsFunc(append(c.AMR, c.ACR), func(v string) bool { return v != "" && slices.Contains(p.Factors, v) })}
	who.name, err = p.named(ctx, found, id, token)
	return who, err
}

// named is the value of the claim, from the ID token or else from the provider's
// own answer about the same person.
func (p *Provider) named(ctx context.Context, found *oidc.Provider, id *oidc.IDToken, token *oauth2.Token) (string, error) {
	if p.Claim == "sub" {
		return id.Subject, nil
	}
	said := map[string]any{}
	if err := id.Claims(&said); err != nil {
		return "", errForeign
	}
	if _, has := said[p.Claim]; !has && found.UserInfoEndpoint() != "" {
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return "", errAway
		}
		said = map[string]any{}
		if err := info.Claims(&said); err != nil || info.Subject != id.Subject {
			return "", errForeign
		}
	}
	if p.Claim == "email" && said["email_verified"] != true {
		return "", nil
	}
	name, _ := said[p.Claim].(string)
	return name, nil
}

// origin is where the button that signs in at the provider leads to: its issuer's
// place, until it has said where people sign in.
func (p *Provider) origin() string {
	u, err := url.Parse(p.Issuer)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		u, err = url.Parse(p.found.Endpoint().AuthURL)
	}
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// leave is where one signs out of the provider too; empty when it has no such place
// or is not known yet.
func (p *Provider) leave() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var said struct {
		End string `json:"end_session_endpoint"`
	}
	if p.found == nil || p.found.Claims(&said) != nil {
		return ""
	}
	return said.End
}
