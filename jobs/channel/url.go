package channel

import (
	"errors"
	"net/url"
)

// parseURL parses an address that holds a password: what the library would say
// of one that it cannot read quotes it.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, errors.New("that is no address (a password's special characters are written as %XX)")
	}
	return u, nil
}
