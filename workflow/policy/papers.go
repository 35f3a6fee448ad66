package policy

import "fangxin/workflow/calendar"

// Articles are what official papers cite of a regime: its name, the articles that
// each kind of paper rests on, and the term of a mediation in words. An article is
// "" where it was not read in the source: the paper then cites the name alone.
type Articles struct {
	Law      string `yaml:"law"`
	Contents string `yaml:"contents"` // what a complaint must hold
	Accept   string `yaml:"accept"`
	Refuse   string `yaml:"refuse"`
	Mediate  string `yaml:"mediate"`
	Recuse   string `yaml:"recuse"`
	End      string `yaml:"end"`
	Agree    string `yaml:"agree"`
	Dispatch string `yaml:"dispatch"`
	Place    string `yaml:"place"` // whose power it is by place
	Limit    string `yaml:"limit"`
}

// Articles are those of the day's regime; false where none is known.
func (r *Rules) Articles(day calendar.Date) (Articles, bool) {
	g, _ := r.Regime(day)
	a, ok := r.papers[g.Code]
	return a, ok
}
