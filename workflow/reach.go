package workflow

import (
	"net/mail"
	"regexp"
	"strings"
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
	_, mailErr := mail.ParseAddress(p.Person.Email)
	phone := telephone.MatchString(strings.TrimSpace(p.Person.Phone))
	if !phone && mailErr != nil && len([]rune(strings.TrimSpace(p.Person.Address))) < 6 {
		missing = append(missing, "person.phone")
	}
	return missing
}

// reachable reports whether the respondent has any channel to be served by.
func (r *Respondent) reachable() bool {
	return r != nil && (r.Phone != "" || r.Email != "" || r.Address != "")
}
