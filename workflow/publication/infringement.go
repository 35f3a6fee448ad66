package publication

import (
	"slices"

	"fangxin/workflow/calendar"
)

// InfringementStates are where a penalty case stands: opened (立案), or what came
// of it. A decision that was annulled is revoked.
var InfringementStates = []string{"docketed", "penalised", "not_penalised", "revoked"}

// Penalties are the kinds of administrative penalties (行政处罚法 Art. 9).
var Penalties = []string{"warning", "criticism", "fine", "confiscation", "licence_suspended", "licence_revoked", "business_restricted", "closure"}

// Infringement is a penalty case against a merchant that grew out of a lead
// (消费侵权公示). It has its own list, basis and term, and is never mixed with
// complaints. Lead is the number of the confidential report, for officers alone.
type Infringement struct {
	ID         string        `json:"id"` // i_…
	Version    int64         `json:"version"`
	Lead       string        `json:"lead"`
	Merchant   string        `json:"merchant"` // m_…
	Domain     int           `json:"domain"`   // 1 to 12
	Town       string        `json:"town"`
	State      string        `json:"state"`
	Docket     string        `json:"docket"`      // number under which it was opened
	DocketedOn calendar.Date `json:"docketed_on"` // legal day
	Result
	Until calendar.Date `json:"until"` // last day in public, 0 for never in public
}

// Result is what came of a penalty case.
type Result struct {
	Decision  string        `json:"decision,omitempty"` // number of the written decision
	DecidedOn calendar.Date `json:"decided_on"`
	Basis     string        `json:"basis,omitempty"` // law that was broken and applied
	Penalties []string      `json:"penalties"`       // of Penalties
	FineFen   int64         `json:"fine_fen"`
}

// May reports whether a result can be recorded where the case stands: a penalty is
// corrected or revoked, never unmade, and nothing follows a revocation.
func (i *Infringement) May(state string) bool {
	switch i.State {
	case "revoked":
		return false
	case "penalised":
		return state == "penalised" || state == "revoked"
	}
	return state == "penalised" || state == "not_penalised"
}

// Settle puts what came of a case into it; days are how long a decision stands in
// public. Only a penalty is public, and one that is more than a warning
// (市场监督管理行政处罚信息公示规定 as a model; the term is the county's parameter).
func (i *Infringement) Settle(state string, r Result, days int) {
	i.State, i.Until = state, 0
	if state == "revoked" { // what was decided stays on record
		return
	}
	i.Result = r
	if state == "penalised" && i.isPublic() {
		i.Until = r.DecidedOn.AddDays(days - 1)
	}
}

func (i *Infringement) isPublic() bool {
	return slices.ContainsFunc(i.Penalties, func(p string) bool { return p != "warning" })
}

// Ended reports whether a decision was public once and is not any more: its term
// is over, or it was revoked. Its id stays, as a tombstone.
func (i *Infringement) Ended(today calendar.Date) bool {
	return i.isPublic() && (i.State == "revoked" || i.State == "penalised" && today > i.Until)
}

// PublicInfringement is what anybody may read of a penalty case.
type PublicInfringement struct {
	ID         string   `json:"id"`
	Merchant   Trader   `json:"merchant"`
	Domain     int      `json:"domain"`
	Town       string   `json:"town"`
	Docket     string   `json:"docket"`
	DocketedOn string   `json:"docketed_on"`
	Decision   string   `json:"decision"`
	DecidedOn  string   `json:"decided_on"`
	Basis      string   `json:"basis"`
	Penalties  []string `json:"penalties"`
	FineFen    int64    `json:"fine_fen"`
	Until      string   `json:"until"`
}

// Public makes the public form of a decision against a merchant as the register
// has it now; false when there is none today. Whom no credit code identifies as a
// trader is a person, and is not named.
func (i *Infringement) Public(m *Trader, today calendar.Date) (PublicInfringement, bool) {
	if m == nil || i.State != "penalised" || i.Until == 0 || today > i.Until {
		return PublicInfringement{}, false
	}
	return PublicInfringement{ID: i.ID, Merchant: *m, Domain: i.Domain, Town: i.Town, Docket: i.Docket, DocketedOn: i.DocketedOn.String(), Decision: i.Decision, DecidedOn: i.DecidedOn.String(),
		Basis: i.Basis, Penalties: i.Penalties, FineFen: i.FineFen, Until: i.Until.String()}, true
}
