package view

import "github.com/a-h/templ"

// Desk is the head of the pages of the authority's own people.
type Desk struct {
	Name, Unit string
	Key        string // of the form that signs out
	Nav        []NavItem
	Keys       bool // short cuts are on
}

// NavItem is a page of the navigation.
type NavItem struct {
	To, Label string
	Key       string // its short cut
	Here      bool
}

// Keys are the short cuts in parts, and the switch that turns them off or on.
type Keys struct {
	Parts              []Card
	State, Set, Switch string
}

// key is the short cut of a link, a field or a section: said only on the desk, and
// only where short cuts are on.
func (p *Page) key(keys string) templ.Attributes {
	if keys == "" || p.Desk == nil || !p.Desk.Keys {
		return nil
	}
	return templ.Attributes{"data-key": keys}
}

// SignIn asks for name and password.
type SignIn struct {
	Key, To, Kept   string
	Bad, News, Lead string
	Away, Out       string // the button of the OIDC provider; where one signs out of it
	Name, Password  Field
}

// GoOn is a form that is handed back after signing in.
type GoOn struct {
	To   string
	Rows []Row
}

// nextTheme is what the switch changes to: as the system has it, dark, light.
func (p *Page) nextTheme() string {
	switch p.Theme {
	case "dark":
		return "light"
	case "light":
		return "system"
	}
	return "dark"
}

// Enrol shows a secret for an authenticator.
type Enrol struct {
	Letters, QR, Size string
	Form              *Form
}

// OwnThing is a session, a token or an absence of the reader's own.
type OwnThing struct {
	Ref, Name, Text string
	Here            bool // the session that he reads this in
}

// Account is what belongs to the reader alone.
type Account struct {
	Key, News                  string
	Fresh                      string // an API token, shown once
	Faults                     []Wrong
	Code, CodeGo, CodePath     string
	Sessions, Tokens, Absences []OwnThing
	Token, Away, Password      []Field
	MayBeAway                  bool
}
