// Package view is what people see: templates, style sheet and scripts. It decides
// nothing and knows no word: every text comes through a Page's Say or in what it
// is handed, escaped by the templates.
package view

import "github.com/a-h/templ"

// Page is what every page needs.
type Page struct {
	Lang   string // zh, en
	Large  bool   // large type, one column
	Title  string
	Path   string // of this page, to come back to after a switch
	Form   string // id of the form that the switches send along, so that nothing typed is lost
	Say    func(key string, pairs ...string) string
	Search bool // the page completes names as they are typed

	Year int // now: other years are said

	County, Authority string
	Filings           []string

	Desk  *Desk  // set on the pages of the authority's own people
	Theme string // light, dark; empty: as the system has it
}

// T is the text of a key; pairs are the names and values of its variables.
func (p *Page) T(key string, pairs ...string) string { return p.Say(key, pairs...) }

// HTMLLang is the page's language as browsers name it.
func (p *Page) HTMLLang() string {
	if p.Lang == "en" {
		return "en"
	}
	return "zh-CN"
}

func (p *Page) size() string {
	if p.Large {
		return "large"
	}
	return "usual"
}

// Option is one of several answers.
type Option struct {
	Value, Label, Hint string
	On                 bool
}

// Field is one question of a form.
type Field struct {
	Name, Kind string // kind: text, area, date, money, tel, email, code, choice, checks, check, select, files, hidden, password, username
	Label      string
	Hint       string
	Error      string
	Value      string
	Options    []Option
	Optional   bool
	Fill       string // what a browser may fill in: name, tel, email …
	Big        bool   // the one question of its page
	Finds      string // where matching merchants are asked for as one types
	Files      *Files // of the kind files
}

// Files are those that a form has been given already, and what more it takes.
type Files struct {
	List []Exhibit
	Most []string // of one file by the beginning of its type, megabytes: image=20
}

// Exhibit is one file in a list.
type Exhibit struct {
	ID, Name, Kind, Size string
	To                   string // where it is looked at
	Small                string // its small picture; empty: it has none
	Who                  string // who brought it, and the day
	When                 string // the same with the minute
	State                string // in words, where it is not simply there
	Pending              bool
}

// ID is the field's place on the page.
func (f *Field) ID() string { return "f-" + f.Name }

func (f *Field) described() string {
	out := ""
	if f.Hint != "" {
		out = f.ID() + "-hint"
	}
	if f.Error != "" {
		out += " " + f.ID() + "-error"
	}
	return out
}

func (f *Field) invalid() string {
	if f.Error != "" {
		return "true"
	}
	return "false"
}

func (f *Field) grouped() bool { return f.Kind == "choice" || f.Kind == "checks" }

func (f *Field) kind() string {
	switch f.Kind {
	case "money":
		return "text"
	case "tel", "email", "date", "password":
		return f.Kind
	}
	return "text"
}

func (f *Field) mode() string {
	switch f.Kind {
	case "money":
		return "decimal"
	case "code":
		return "numeric"
	}
	return ""
}

// Wrong is a line of the summary above a form.
type Wrong struct{ Field, Text string }

// Form is a page with questions.
type Form struct {
	Action, Key string
	Kicker      string // which step of how many
	Lead        []string
	Warning     string
	Faults      []Wrong
	Fields      []Field
	Submit      string
	Upload      bool // files come with it
	Danger      bool
	Back        string // address; empty: no way back is shown
	Note        string
	Draft       string // said of the draft: until when it is kept
	Link        string // opens the draft on another device
	Aside       []Row  // what the answers are about, beside the questions
	Alike       []Row  // open complaints that this one may be the same as
	Again       string // a second button: the same once more
	Wait        int    // seconds until it may be pressed
	Skip        string // goes on without an answer
	SkipTo      string
}

// encoding is how a form's body is written; empty: as browsers do it.
func (f *Form) encoding() templ.Attributes {
	if !f.Upload {
		return nil
	}
	return templ.Attributes{"enctype": "multipart/form-data"}
}

// Row is a name and a value.
type Row struct {
	Name, Value string
	To          string // where it can be changed
}

// Step is one of the five.
type Step struct {
	Label, Note string
	Done, Now   bool
}

// Clock is a deadline as people say it.
type Clock struct {
	Title, Before, Big, After string
	Text, Then                string
	Used, All                 int
	Why                       []string
	Summary                   string
}

// Act is something that the reader may do now.
type Act struct {
	To, Label, Means string
	Main, No         bool
}

// Offer is what lies on the table.
type Offer struct {
	ID                                string // of its place on the page
	Title, Meta, Amount, Claim, Words string
	Facts                             []Row
	Acts                              []Act
}

// Entry is a line of what happened.
type Entry struct {
	Dot, Class, Title, When, Stamp string
	Words                          []string
	Facts                          []Row
}

// Case is the page of one case.
type Case struct {
	Number, Tag, Merchant string
	Steps                 []Step
	StepsTitle            string
	News                  string // said once, after something was done
	Clock                 *Clock
	Others                []Clock
	Offer                 *Offer
	Proposals             []Offer // of acts that need both sides
	Promise               []Act   // did they do what they promised?
	Due                   string  // until when they promised it
	Acts, Rare            []Act
	Entries               []Entry
	Facts                 []Row
	Files                 []Exhibit // evidence of both sides
	FilesNote             string
	AddFile               string // where more is added; empty: nobody may now
	Key                   string
	Mine                  bool // the consumer's own page
}

// FileSheet is the page of one file.
type FileSheet struct {
	Number, Key, Back string
	Bad               string
	File              Exhibit
	Content           string // where it is fetched; empty: not now
	Picture           bool
	Rows              []Row
	May               bool // it may be taken back
}

// Kept is the page after sending.
type Kept struct {
	Number, Link, Address string
	QR                    string // the path of its picture
	Size                  string // of the picture, in modules with the margin
	Clocks                []Clock
	Sent                  bool
	Sending               string // where number and link are sent as well
}

// Term is a deadline of the rules in force.
type Term struct{ Title, Length, Then string }

// Front is what the public pages say.
type Front struct {
	Terms  []Term
	Shops  []MemberShop
	Rights []string
}

// Data is the page about one's own data.
type Data struct {
	Number, Key, Purpose, Without string
	Rows                          []Row
	Asked                         []Row
	May                           bool
}

// Way is the choice between the merchant first and the authority.
type Way struct {
	Green, Authority []string // what each means
	Resume           bool     // a draft is there
	Shop, Code       string   // whose code was scanned; empty: none
}

// Open asks for a link.
type Open struct {
	Number, Action, Lead string
	Bad                  string
	Hidden               []Row // what was typed before the link ended
	Lost                 bool
}

// Found is what a search among the merchants found.
type Found struct {
	Asked bool
	Shops []Shop
}

// Shop is one of them.
type Shop struct{ ID, Name, Town string }

// formOf makes a switch a button of the page's form.
func (p *Page) formOf() templ.Attributes {
	if p.Form == "" {
		return nil
	}
	return templ.Attributes{"form": p.Form, "formnovalidate": true}
}

// more are a field's attributes that only some have.
func (f *Field) more() templ.Attributes {
	out := templ.Attributes{}
	if f.mode() != "" {
		out["inputmode"] = f.mode()
	}
	if f.Fill != "" {
		out["autocomplete"] = f.Fill
	}
	if f.Kind == "code" { // phones fill in the code of a message that has just come
		out["autocomplete"], out["class"] = "one-time-code", "digits"
	}
	if f.Finds != "" {
		out["hx-get"], out["hx-trigger"], out["hx-target"] = f.Finds, "input changed delay:300ms", "#found"
		out["hx-include"], out["autocomplete"] = "this", "off"
	}
	return out
}
