package simulate

import (
	"fmt"

	"fangxin/store"
	"fangxin/workflow/register"
)

// enrol makes n merchants of the register members of the green channel, the large
// and medium ones first, as the plan wants it: each applies with all that is asked
// for, and somebody of the county approves it.
func (sim *simulation) enrol(n int) error {
	first, after := true, ""
	for len(sim.members) < n {
		page, err := sim.s.Merchants(sim.ctx, store.MerchantFilter{Status: register.Active, After: after, Limit: 200})
		switch {
		case err != nil:
			return err
		case len(page) == 0 && !first:
			return nil
		case len(page) == 0:
			first, after = false, ""
			continue
		}
		for _, e := range page {
			after = e.ID
			if big := e.Size == "large" || e.Size == "medium"; big != first || len(sim.members) == n {
				continue
			}
			if err := sim.join(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sim *simulation) join(e register.Merchant) error {
	whole := register.Checklist{Place: true, Staff: true, Computer: true, Telephone: true, Procedure: true}
	m, err := sim.s.Apply(sim.ctx, store.Once{}, store.By{Actor: "merchant", Why: "invented"}, store.Application{Merchant: e.ID, Checklist: whole, Terms: register.Terms{AnswerDays: 3, Pledges: []string{}},
		People: []store.NewPerson{{Role: "contact", Name: "店长", Phone: fmt.Sprintf("1390533%04d", len(sim.members))}}, Papers: []store.NewPaper{{Kind: "licence"}, {Kind: "pledge"}}})
	if err != nil {
		return err
	}
	sim.members = append(sim.members, e.Details)
	_, err = sim.s.DecideMember(sim.ctx, store.Once{}, store.By{Actor: "officer:simulate", Why: "invented"}, m.ID, store.Decision{What: "approve"})
	return err
}
