package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"fangxin/handlers"
)

// provider is where officers may sign in beside the site; nil where nowhere is said.
func (s *Settings) provider() (*handlers.Provider, error) {
	if s.OIDCIssuer == "" {
		if s.OIDCClient != "" || s.OIDCSecret != "" {
			return nil, errUse{errors.New("oidc-issuer (FANGXIN_OIDC_ISSUER): say which provider oidc-client and oidc-secret are for")}
		}
		return nil, nil
	}
	u, err := url.Parse(s.OIDCIssuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && (u.Scheme != "http" || !onlyHere(u.Host) && !onlyHere(u.Host+":80")):
		return nil, errUse{errors.New("oidc-issuer (FANGXIN_OIDC_ISSUER): write https://… as the provider itself writes it in its configuration")}
	case s.OIDCClient == "":
		return nil, errUse{errors.New("oidc-client (FANGXIN_OIDC_CLIENT): say as which client the provider knows this site")}
	case s.SiteAddress == "":
		return nil, errUse{errors.New("site-address (FANGXIN_SITE_ADDRESS): must be said with oidc-issuer: the provider sends people back there")}
	case s.OIDCClaim == "":
		return nil, errUse{errors.New("oidc-claim (FANGXIN_OIDC_CLAIM): sub, or another claim by which a user is known")}
	}
	secret := s.OIDCSecret
	if path, ok := strings.CutPrefix(secret, "file:"); ok {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, errUse{fmt.Errorf("oidc-secret (FANGXIN_OIDC_SECRET): %w", err)}
		}
		secret = strings.TrimSpace(string(text))
	}
	list := func(r rune) bool { return r == ',' || r == ' ' }
	return &handlers.Provider{Issuer: s.OIDCIssuer, Client: s.OIDCClient, Secret: secret, Claim: s.OIDCClaim, Factors: strings.FieldsFunc(s.OIDCFactors, list), Name: s.OIDCName}, nil
}
