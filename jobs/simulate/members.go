package simulate

import (
	"fmt"

	"fangxin/store"
	"fangxin/workflow/register"
)

// enrol makes the first n merchants of the register members of the green channel:
// each applies with all that is asked for, and somebody of the county approves it.
func (sim *simulation) enrol(n int) error {
	county := store.By{Actor: "officer:simulate", Why: "invented"}
	whole := register.Checklist{Place: true, Staff: true, Computer: true, Telephone: true, Procedure: true}
	done, after := 0, ""
	for done < n {
		page, err := sim.s.Merchants(sim.ctx, store.MerchantFilter{Status: register.Active, After: after, Limit: min(200, n-done)})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			after = e.ID
			m, err := sim.s.Apply(sim.ctx, store.Once{}, store.By{Actor: "merchant", Why: "invented"}, store.Application{Merchant: e.ID, Checklist: whole, Terms: register.Terms{AnswerDays: 3, Pledges: []string{}},
				People: []store.NewPerson{{Role: "contact", Name: "店长", Phone: fmt.Sprintf("1390533%04d", done)}}, Papers: []store.NewPaper{{Kind: "licence"}, {Kind: "pledge"}}})
			if err != nil {
				return err
			}
			if _, err := sim.s.DecideMember(sim.ctx, store.Once{}, county, m.ID, store.Decision{What: "approve"}); err != nil {
				return err
			}
			done++
		}
	}
	return nil
}
