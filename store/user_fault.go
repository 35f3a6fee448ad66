package store

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fangxin/workflow/policy"
)

// auditor is the role that reads everything and writes nothing.
const auditor = "auditor"

// userNameMost is how long a user's name may be, in characters.
const userNameMost = 40

var (
	// ErrAlone says that an auditor was to have another role: he would write.
	ErrAlone = errors.New("an auditor has no other role")
	// ErrTaken says that there is a user of that name already.
	ErrTaken = errors.New("there is such a user already")
)

// UserFault is what keeps a user from being what somebody says he is. Why is
// needed, unknown, alone (of an auditor's roles) or name.
type UserFault struct{ Field, Why string }

// Faults looks a user over before he is added or changed; departments are the
// county's. Roles that see nothing without a unit or town must have one.
func (u *User) Faults(departments []policy.Place) []UserFault {
	var out []UserFault
	add := func(field, why string) { out = append(out, UserFault{field, why}) }
	if !plainName(u.Name) {
		add("name", "name")
	}
	switch {
	case len(u.Roles) == 0:
		add("roles", "needed")
	case slices.ContainsFunc(u.Roles, func(r string) bool { return !slices.Contains(UserRoles, r) }):
		add("roles", "unknown")
	case u.mixed():
		add("roles", "alone")
	}
	has := func(role string) bool { return slices.Contains(u.Roles, role) }
	switch {
	case u.Unit == "" && (has("unit") || u.outside()):
		add("unit", "needed")
	case u.Unit != "" && !u.outside() && !slices.ContainsFunc(departments, func(d policy.Place) bool { return d.Code == u.Unit }):
		add("unit", "unknown")
	}
	if u.Town == "" && has("town") {
		add("town", "needed")
	}
	return out
}

// outside reports whether the user's unit is none of the county's departments: a
// mediator's organisation, another authority.
func (u *User) outside() bool {
	return slices.Contains(u.Roles, "mediator") || slices.Contains(u.Roles, "other_authority")
}

// plainName reports whether a name can stand in the log and in a list: it is none
// of the shell's, and has no sign that separates names there.
func plainName(name string) bool {
	return name != "" && name != "cli" && utf8.RuneCountInString(name) <= userNameMost && strings.TrimSpace(name) == name &&
		!strings.ContainsAny(name, `|:/\<>"`) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// rights are what a user may, in one line for the list of changes.
func (u *User) rights() string {
	return strings.TrimRight(strings.Join(u.Roles, ",")+" "+u.Unit+" "+u.Town, " ")
}

// mixed reports whether an auditor has another role.
func (u *User) mixed() bool { return slices.Contains(u.Roles, auditor) && len(u.Roles) > 1 }
