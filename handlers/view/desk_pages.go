package view

import "strconv"

// Part is one of several views of a list, or what it is narrowed by.
type Part struct {
	Label, N, To   string
	Now, Bad, Soon bool
}

// CountLine is a line of a table of counts.
type CountLine struct {
	Label, To string
	Cells     []string
	Bad       bool
}

// Task is a duty in a list.
type Task struct {
	To, Number, State, Clock string
	Due                      string
	Late, Soon               bool
	Unit, Town, Officer      string
	Why, Because             string // where its day is counted out; the same in one line
	Marks                    []string
}

// Today is what falls due.
type Today struct {
	Day, Title  string
	Parts, Bys  []Part
	By          string
	Heads       []string
	Counts      []CountLine
	Narrowed    []Part
	Mine        string // the same for the reader's own cases
	Tasks       []Task
	More, Empty string
}

// DeskAct is a row of the table that the reader may take.
type DeskAct struct {
	To, Label       string
	ID, Basis, Form string   // of the row: its number, article of law, paper
	Effects         []string // what it does to state and clocks
	Lacks           []string // what the case lacks for it
}

// DeskClock is a clock on the page of a case.
type DeskClock struct {
	To, Title, State, Whose, Due, Because string
	Marks                                 []string
	Open, Late                            bool
}

// Card is a heading with rows.
type Card struct {
	Title string
	Rows  []Row
}

// DeskNotice is a notice with what became of it.
type DeskNotice struct {
	Title, State, When, Resend string
	Lines                      []string
}

// DeskPaper is an official paper that was made.
type DeskPaper struct {
	To, Title, Number, About, State string
	Off                             bool // it is not to be relied on any more
}

// DeskFile is a file of a case.
type DeskFile struct{ To, Name, About string }

// DeskCase is a case as the authority sees it.
type DeskCase struct {
	Number, Tag, About, News, Base, Key string
	Report, Staff                       bool
	Steps                               []Step
	StepsTitle                          string
	Acts, Rare, Behalf, Lacking         []DeskAct
	Clocks, Ended                       []DeskClock
	Parties                             []Card
	Facts                               []Row
	Entries, Notes                      []Entry
	Notices                             []DeskNotice
	Files                               []DeskFile
	Papers                              []DeskPaper
	Forms                               []Part // papers that can be made now
	Handover                            string // where the file for the court is; empty: nowhere
	Next                                *Part  // the paper of what was just done
}

// Hold is a time in which a case was in somebody's hands.
type Hold struct{ Who, From, To, Days, Mark string }

// ClockPage counts out why a clock is due on its day.
type ClockPage struct {
	Number, Case, State, Due string
	Late                     bool
	Why, Counted             []string
	Rows, Moves              []Row
	Holds                    []Hold
	Sum                      string
}

// ActPage is the form of an act with what it means.
type ActPage struct {
	Form    *Form
	About   DeskAct
	Second  string  // of an act that needs two persons
	Changed []Entry // what happened since the form was made
	Texts   []Entry // before and after, of what is to be published
}

// NotNow says that an act cannot be done any more; nothing typed is lost.
type NotNow struct {
	Text, Case, Typed string
	Changed           []Entry
}

func itoa(n int) string { return strconv.Itoa(n) }

// Board is the list of cases with its filters.
type Board struct {
	Words, Person, Bad, Count string
	Key                       string
	Fields                    []Field
	Open, Private, Staff      bool // filters are in use; what is asked for stands in no address
	Hidden                    []Row
	Sorts, Stages             []Part
	Lines                     []BoardLine
	After, More, Export       string
}

// BoardLine is a case of the board.
type BoardLine struct {
	Number, To, State, What, Unit, Town, Officer, Filed string
	Clock, Due                                          string
	Late, Soon                                          bool
}

// Bulk is a move of several cases: what will work, and what will not and why.
type Bulk struct {
	What, Sum, Bad, Back, Key string
	Fields                    []Field
	Good, Not                 []BulkLine
	Done                      bool
}

// BulkLine is one of its cases.
type BulkLine struct{ Number, To, Why string }

// Duty is an overdue duty of the review.
type Duty struct {
	Number, To, Why, Clock, Due, Late string
	Unit, Town, Officer               string
	Steps, Said                       []string
	Acts                              []Part
}

// Overdue is the review of what is late.
type Overdue struct {
	Day, Export, More, Note, Sum string
	Fields                       []Field
	Duties                       []Duty
	Heads, LateHeads             []string
	Forecast                     []CountLine
	Late                         []CountLine // who is late, and by how much
}

// Intake is the form at the window and on the telephone.
type Intake struct {
	Form  *Form
	Found *Found
}

// ReadBack is what was entered, to be read to the person.
type ReadBack struct {
	Key          string
	Faults       []Wrong
	Rows, Hidden []Row
	Alike        []Row
	Tick         Field
}

// Taken is the receipt for the person.
type Taken struct {
	Number, Case, Link, QR, Size string
	Key, Sees                    string // of the form that makes its paper
	Clocks, Rows                 []Row
}

// DeskMembers is the list of memberships in one state.
type DeskMembers struct {
	States []Part
	Lines  []Act
	More   string
}

// DeskMember is a membership with its papers, its history, and what may be decided.
type DeskMember struct {
	Tag, News   string
	Rows, Lines []Row
	Papers      []Exhibit
	Form        *Form // nil: the reader decides nothing
}
