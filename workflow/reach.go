package workflow

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"
)

var telephone = regexp.MustCompile(`^\+?[0-9][0-9 -]{5,18}[0-9]$`)

// unreachable lists what is missing to reach the complainant: a name, and one
// of telephone, address or e-mail that is well formed (Order 121 Art. 10).
func unreachable(p *Private) []string {
	if p == nil || p.Person == nil {
		return []string{"person.name", "person.phone"}
	}
	var missing []string
	if strings.TrimSpace(p.Person.Name) == "" {
		missing = append(missing, "person.name")
	}
	if !telephone.MatchString(strings.TrimSpace(p.Person.Phone)) && !writable(p.Person) {
		missing = append(missing, "person.phone")
	}
	return missing
}

// writable reports whether a letter or an e-mail can reach the person.
func writable(p *Person) bool {
	if utf8.RuneCountInString(strings.TrimSpace(p.Address)) >= 6 {
		return true
	}
	_, err := mail.ParseAddress(p.Email)
	return err == nil
}

// reachable reports whether the respondent has any channel to be served by.
func (r *Respondent) reachable() bool {
	return r != nil && (r.Phone != "" || r.Email != "" || r.Address != "")
}
