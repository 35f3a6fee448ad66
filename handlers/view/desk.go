package view

// Desk is the head of the pages of the authority's own people.
type Desk struct {
	Name, Unit string
	Key        string // of the form that signs out
	Nav        []NavItem
}

// NavItem is a page of the navigation.
type NavItem struct {
	To, Label string
	Here      bool
}

// SignIn asks for name and password.
type SignIn struct {
	Key, To, Kept   string
	Bad, News, Lead string
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
