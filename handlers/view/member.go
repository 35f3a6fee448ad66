package view

// Door is where a member's people sign in.
type Door struct {
	Key, Bad string
	Faults   []Wrong
	Contact  Field
}

// Member is a page of a membership, for its own people.
type Member struct {
	Base, Name, Tag, Meta string // Base: the address of its pages
	News, Status          string
	Key, Who              string
	In, Sheet, Contact    bool // it has figures; it has a code; the reader may invite
	Count, More           string
	Cases                 []MemberCase
	Rows                  []Row
	How, Late             []string
	People                []Person
	Invite                *Form
	Papers                []Exhibit
	Link, QR, Size        string
}

// MemberCase is a line of the list of open cases.
type MemberCase struct {
	To, Title, Number, State string
	Clock, Due               string
	Late, Soon               bool
}

// Person is somebody of a member.
type Person struct {
	Name, Role, Reach, Seen, Remove string
	You                             bool
}

// Members is the list of the county's green channel.
type Members struct {
	Query  string
	Town   []Option
	Domain []Option
	Shops  []MemberShop

	Count, Before, Next string
}

// MemberShop is a member as the county publishes it.
type MemberShop struct {
	Name, Address, Since, Town, To string
	Promises                       string
	First                          bool // of its town, on this page
}
