package policy

import (
	"cmp"
	"slices"
	"sync"

	"fangxin/workflow/calendar"
)

// Rules is law by date, the county's plan and the calendar, compiled.
type Rules struct {
	calendar *calendar.Calendar
	regimes  []Regime
	overlay  Regime
	terms    map[string]term
	own      map[string]Term
	refusal  map[string][]Ground
	ending   map[string][]Ground
	duty     map[int]string
	foreign  map[int]Term
	papers   map[string]Articles
	plan     countyData
	county   County
}

// Regime is a body of procedural law with its days in force.
type Regime struct {
	Code     string // R0, R1, R1b, R2
	Zh       string
	From, To calendar.Date // both included
	Version  string        // R2/2026-04-15
}

// Ground is a reason to refuse (REF…) or to terminate (TER…), as the article of
// its regime words it. Item is its number in the article, Text the article's own
// words for papers; each "" where it was not read in the source.
type Ground struct{ Code, Zh, En, Item, Text string }

// County names the place this engine serves.
type County struct {
	Code, Zh, En, Prefix, Hub string
	Authority, Short          string // on official papers: the bureau in full, and before a paper's number
	Towns                     []Place
	Departments               []Place
	Domains                   []Domain
	Targets                   []Target // of the yearly assessment
	Version                   string   // of the county's plan: own/2026-01
}

// Place is a town or a department.
type Place struct{ Code, Zh, En string }

// Domain is one of the twelve domains of consumption.
type Domain struct {
	Number       int
	Code, Zh, En string
	Words        []string // that people write when it is about this domain
	Lead         string
	With         []string
	Categories   []Place
}

// term is one statutory term in all regimes.
type term struct {
	byRegime map[string]Term
	byKind   map[string]Term
	all      *Term
	both     *Term // under Order 20 with State Council Order 778 beside it
}

var theDefault = sync.OnceValue(func() *Rules {
	r, err := Load("huantai.yaml", huantaiFile)
	if err != nil {
		panic(err)
	}
	return r
})

// Default is the embedded law with the embedded county.
func Default() *Rules { return theDefault() }

// Load compiles the embedded law with a county's file.
func Load(name string, county []byte) (*Rules, error) {
	var law lawData
	if err := strict("law.yaml", lawFile, &law); err != nil {
		return nil, err
	}
	r := &Rules{calendar: calendar.Embedded(), terms: map[string]term{}, own: map[string]Term{},
		refusal: map[string][]Ground{}, ending: map[string][]Ground{}, duty: map[int]string{}, foreign: map[int]Term{}}
	if err := strict(name, county, &r.plan); err != nil {
		return nil, err
	}
	if err := r.compileRegimes(&law); err != nil {
		return nil, err
	}
	if err := checkPlan(name, county, &r.plan, r.regimes); err != nil {
		return nil, err
	}
	r.compileOwn()
	r.compileTerms(&law)
	r.compileGrounds(&law)
	r.papers = law.Papers
	r.compileDepartments(&law)
	r.compileCounty()
	return r, nil
}

// WithCalendar is the same law with another calendar.
func (r *Rules) WithCalendar(c *calendar.Calendar) *Rules {
	out := *r
	out.calendar = c
	return &out
}

// Calendar is the calendar that due days are counted with.
func (r *Rules) Calendar() *calendar.Calendar { return r.calendar }

// County describes the county.
func (r *Rules) County() County { return r.county }

func (r *Rules) compileRegimes(law *lawData) error {
	for _, x := range law.Regimes {
		from, err := calendar.ParseDate(x.From)
		if err != nil {
			return err
		}
		to, err := calendar.ParseDate(x.To)
		if err != nil {
			return err
		}
		g := Regime{x.Code, x.Zh, from, to, x.Code + "/" + x.From}
		if x.Overlay {
			r.overlay = g
			continue
		}
		r.regimes = append(r.regimes, g)
	}
	return nil
}

func (r *Rules) compileGrounds(law *lawData) {
	for kind, into := range map[string]map[string][]Ground{"refusal": r.refusal, "termination": r.ending} {
		for regime, list := range law.Grounds[kind] {
			for _, g := range list {
				into[regime] = append(into[regime], Ground(g))
			}
		}
	}
}

func (r *Rules) compileCounty() {
	p := &r.plan
	r.county = County{Code: p.County.Code, Zh: p.County.Zh, En: p.County.En, Prefix: p.County.Prefix, Hub: p.County.Hub,
		Authority: cmp.Or(p.County.Authority, p.County.Zh+"市场监督管理局"), Short: cmp.Or(p.County.Short, string([]rune(p.County.Zh + "　")[:1])+"市监")}
	r.county.Targets, r.county.Version = p.Targets, p.County.Version
	for _, t := range p.Towns {
		r.county.Towns = append(r.county.Towns, Place(t))
	}
	for _, d := range p.Departments {
		r.county.Departments = append(r.county.Departments, Place{d.Code, d.Zh, d.En})
	}
	for _, d := range p.Domains {
		out := Domain{Number: d.Number, Code: d.Code, Zh: d.Zh, En: d.En, Words: d.Words, Lead: d.Lead, With: d.With}
		for _, c := range d.Categories {
			out.Categories = append(out.Categories, Place(c))
		}
		r.county.Domains = append(r.county.Domains, out)
	}
}

// Regimes lists the bodies of procedural law, oldest first.
func (r *Rules) Regimes() []Regime { return slices.Clone(r.regimes) }

// Regime is the procedural law in force on a day; false before 2014-03-15,
// where none is known.
func (r *Rules) Regime(day calendar.Date) (Regime, bool) {
	for _, g := range r.regimes {
		if day >= g.From && day <= g.To {
			return g, true
		}
	}
	return Regime{}, false
}

// VersionOn names the regime of a day: "R2/2026-04-15", or "none".
func (r *Rules) VersionOn(day calendar.Date) string {
	if g, ok := r.Regime(day); ok {
		return g.Version
	}
	return "none"
}

// RefusalGrounds lists the grounds of the day's regime for not accepting a
// complaint (Order 121 Art. 16; Order 20 Art. 15).
func (r *Rules) RefusalGrounds(day calendar.Date) []Ground {
	g, _ := r.Regime(day)
	return r.refusal[g.Code]
}

// TerminationGrounds lists the grounds of the day's regime for ending the
// mediation (Order 121 Art. 23; Order 20 Art. 21).
func (r *Rules) TerminationGrounds(day calendar.Date) []Ground {
	g, _ := r.Regime(day)
	return r.ending[g.Code]
}

// HasRefusalGround reports whether the day's regime knows the ground.
func (r *Rules) HasRefusalGround(day calendar.Date, code string) bool {
	return slices.ContainsFunc(r.RefusalGrounds(day), func(g Ground) bool { return g.Code == code })
}

// HasTerminationGround reports whether the day's regime knows the ground.
func (r *Rules) HasTerminationGround(day calendar.Date, code string) bool {
	return slices.ContainsFunc(r.TerminationGrounds(day), func(g Ground) bool { return g.Code == code })
}

// ConfirmationEligibleKinds are the kinds of organisation whose agreements the
// court confirms (Civil Procedure Law Art. 205; which, is for the court to say).
func (r *Rules) ConfirmationEligibleKinds() []string { return r.plan.Parameters.Eligible }

// ReminderShares are the percentages of a budget at which its holder is
// reminded, before the reminder on the last working day.
func (r *Rules) ReminderShares() []int { return r.plan.Parameters.Reminders }

// Step says who is told of a duty of the authority that ran out, when it is still
// owed some whole working days later.
type Step struct {
	After int    `yaml:"after"` // working days
	To    string `yaml:"to"`    // one of Heights
}

// Heights are who may hear of an overdue duty after the responsible officer: the
// unit's head, the county's coordinator, the list of the joint conference
// (消费者权益保护工作联席会议).
var Heights = []string{"unit_head", "coordinator", "joint_conference"}

// Escalation lists the steps that follow when a duty of the authority ran out,
// the soonest first. The responsible officer is told at once, whatever they say.
func (r *Rules) Escalation() []Step { return r.plan.Parameters.Escalation }

// ContactCheck bounds the codes by which somebody shows, before he files, that a
// phone or mailbox is his.
type ContactCheck struct {
	Digits   int `yaml:"digits"`
	Minutes  int `yaml:"minutes"`       // that a code can be entered
	Attempts int `yaml:"attempts"`      // at one code
	Pause    int `yaml:"pause_seconds"` // between two codes to one address
	ADay     int `yaml:"a_day"`         // codes to one address
	Hours    int `yaml:"counts_hours"`  // that a confirmed check can be used
}

// ContactCheck is what the county sets for it.
func (r *Rules) ContactCheck() ContactCheck { return r.plan.Parameters.Check }

// AppealLimit is the last day on which somebody who knew on a day may complain
// (Order 121 Art. 16 (4): three years; Order 62: one).
func (r *Rules) AppealLimit(knew calendar.Date) calendar.Date {
	g, _ := r.Regime(knew)
	years, known := r.plan.Parameters.AppealYears[g.Code]
	if !known { // before any regime known here
		years = 3
	}
	return knew.AddYears(years)
}
