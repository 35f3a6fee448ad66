package register

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/workflow"
)

// Status of an entry.
type Status string

const (
	// Unverified: opened by a complaint or an import; no officer has looked yet.
	Unverified Status = "unverified"
	// Active: an officer or the file of an authority vouches for it. Only these
	// are shown to the public.
	Active Status = "active"
	// Closed: deregistered, dissolved or moved away; complaints against it remain.
	Closed Status = "closed"
	// Merged: the entry turned out to be another one. Its history and its cases
	// stay under its own name and are read together with the other's.
	Merged Status = "merged"
)

// Kinds are the legal forms that matter here: of a sole trader (个体工商户) a
// contact is a person's (PIPL Art. 4).
var Kinds = []string{"company", "sole_trader", "institution"}

// Sizes are the classes of 中小企业划型标准规定 (2011).
var Sizes = []string{"micro", "small", "medium", "large"}

// Languages are those that notices are written in.
var Languages = []string{"zh", "en"}

// ContactKinds are the ways to reach a merchant.
var ContactKinds = []string{"phone", "sms", "email", "webhook", "post"}

// Shop is a merchant's shop on a platform.
type Shop struct {
	Platform string `json:"platform"`
	Name     string `json:"name"`
	URL      string `json:"url,omitempty"`
}

// Details are the fields of an entry that somebody may state.
type Details struct {
	Code           string `json:"code,omitempty"` // unified credit code, as typed
	Name           string `json:"name"`           // trade name
	LegalName      string `json:"legal_name,omitempty"`
	Kind           string `json:"kind,omitempty"` // one of Kinds; empty: not known
	Size           string `json:"size,omitempty"` // one of Sizes; empty: not known
	Domain         int    `json:"domain,omitempty"`
	Town           string `json:"town,omitempty"`            // division code
	LicenceAddress string `json:"licence_address,omitempty"` // on the business licence
	ShopAddress    string `json:"shop_address,omitempty"`    // where it trades
	ShownAddress   string `json:"shown_address,omitempty"`   // shown on a platform: decides who is competent for a shop there
	Language       string `json:"language,omitempty"`        // one of Languages, in which its notices are written; empty: Chinese
	Shops          []Shop `json:"shops,omitempty"`
}

// Former is a name that the merchant bore until an instant.
type Former struct {
	Name      string    `json:"name"`
	LegalName string    `json:"legal_name,omitempty"`
	Until     time.Time `json:"until"`
}

// Merchant is an entry.
type Merchant struct {
	ID      string `json:"id"` // m_ and 26 characters; tells nothing of how many there are
	Version int64  `json:"version"`
	Status  Status `json:"status"`
	Details
	CodeValid  bool      `json:"code_valid"` // the check character of GB 32100 fits
	Former     []Former  `json:"former_names,omitempty"`
	MergedInto string    `json:"merged_into,omitempty"`
	Successors []string  `json:"successors,omitempty"`
	Created    time.Time `json:"created_at"`
	Updated    time.Time `json:"updated_at"`
}

// Change is one field before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// CodeKey is a credit code as it is compared.
func CodeKey(code string) string {
	key, _ := workflow.CreditCode(code)
	return key
}

// ValidCode reports whether a credit code has its right check character. One that
// has not is kept as typed and marked.
func ValidCode(code string) bool {
	_, ok := workflow.CreditCode(code)
	return ok
}

// texts are the plain fields by name, in the order in which people read them.
func (d *Details) texts() []struct {
	name string
	at   *string
} {
	return []struct {
		name string
		at   *string
	}{{"code", &d.Code}, {"name", &d.Name}, {"legal_name", &d.LegalName}, {"kind", &d.Kind}, {"size", &d.Size}, {"town", &d.Town},
		{"licence_address", &d.LicenceAddress}, {"shop_address", &d.ShopAddress}, {"shown_address", &d.ShownAddress}, {"language", &d.Language}}
}

// Fill takes over every field that other states and d does not.
func (d *Details) Fill(other Details) {
	for i, f := range other.texts() {
		if at := d.texts()[i].at; *at == "" {
			*at = *f.at
		}
	}
	if d.Domain == 0 {
		d.Domain = other.Domain
	}
	d.addShops(other.Shops)
}

// Take takes over every field that other states, in place of d's own.
func (d *Details) Take(other Details) {
	for i, f := range other.texts() {
		if *f.at != "" {
			*d.texts()[i].at = *f.at
		}
	}
	if other.Domain != 0 {
		d.Domain = other.Domain
	}
	d.addShops(other.Shops)
}

func (d *Details) addShops(more []Shop) {
	own := slices.Clone(d.Shops)
	for _, s := range more {
		if !slices.Contains(own, s) {
			own = append(own, s)
		}
	}
	d.Shops = own
}

// Diff lists what differs, field by field.
func Diff(before, after Details) []Change {
	var out []Change
	add := func(field, a, b string) {
		if a != b {
			out = append(out, Change{field, a, b})
		}
	}
	was := before.texts()
	for i, f := range after.texts() {
		add(f.name, *was[i].at, *f.at)
	}
	add("domain", number(before.Domain), number(after.Domain))
	add("shops", shopList(before.Shops), shopList(after.Shops))
	return out
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func shopList(all []Shop) string {
	var out []string
	for _, s := range all {
		out = append(out, strings.TrimSpace(s.Platform+" "+s.Name+" "+s.URL))
	}
	return strings.Join(out, "; ")
}

// Fault is a field that cannot be kept, and why: a key of the catalogue.
type Fault struct{ Field, Why string }

// longest bounds a field in characters.

const longest = 500

// Faults checks an entry's fields. A credit code with a wrong check character is
// no fault: it is kept as typed and marked.
func (d *Details) Faults() []Fault {
	var out []Fault
	for _, f := range d.texts() {
		if len([]rune(*f.at)) > longest {
			out = append(out, Fault{f.name, "why.long_line"})
		}
	}
	if Fold(d.Name) == "" {
		out = append(out, Fault{"name", "why.needed"})
	}
	if d.Kind != "" && !slices.Contains(Kinds, d.Kind) {
		out = append(out, Fault{"kind", "why.choice"})
	}
	if d.Size != "" && !slices.Contains(Sizes, d.Size) {
		out = append(out, Fault{"size", "why.choice"})
	}
	if d.Language != "" && !slices.Contains(Languages, d.Language) {
		out = append(out, Fault{"language", "why.choice"})
	}
	if d.Domain < 0 || d.Domain > 12 {
		out = append(out, Fault{"domain", "why.choice"})
	}
	if len(d.Shops) > 50 {
		out = append(out, Fault{"shops", "why.long_line"})
	}
	for _, s := range d.Shops {
		if len([]rune(s.Platform)) > longest || len([]rune(s.Name)) > longest || len(s.URL) > 500 {
			out = append(out, Fault{"shops", "why.long_line"})
		}
	}
	return out
}
