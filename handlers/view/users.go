package view

// Users is the list of the authority's people.
type Users struct {
	Count, More, Add string // Add: where one is added; empty: the reader may not
	Fields           []Field
	Lines            []UserLine
}

// UserLine is one of them.
type UserLine struct {
	Name, To, Roles, Place, State string
	Off                           bool // he cannot sign in
}

// UserSheet is the page of one user.
type UserSheet struct {
	Base, Key, News, State string
	Off                    bool
	Faults                 []Wrong
	Link, Until            string // a link to set a password with, shown once
	Rows                   []Row
	May, MayAway           bool // the reader may change him; may say that he is away
	Own                    string
	Rights, Subject, Away  []Field
	Acts                   []UserAct
	Sessions, Absences     []OwnThing
	Entries                []Entry
}

// UserAct is a button of the page, with what it does.
type UserAct struct {
	To, Label, Text string
	Danger          bool
}
