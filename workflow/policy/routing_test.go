package policy

import (
	"strings"
	"testing"
)

func TestRouting(t *testing.T) {
	r := Default()
	if unit, ok := r.Unit(1, "", on(t, "2026-05-01")); !ok || unit != "amr" {
		t.Errorf("daily goods since the reform: %s", unit)
	}
	if unit, _ := r.Unit(1, "", on(t, "2018-09-01")); unit != "aic" {
		t.Errorf("daily goods in 2018: %s", unit)
	}
	if r.Competent("psb", 1, "", on(t, "2026-05-01")) != true || r.Competent("court", 1, "", on(t, "2026-05-01")) || r.Competent("amr", 1, "999", on(t, "2026-05-01")) {
		t.Error("remits")
	}
	for domain, article := range map[int]string{2: "食品安全法第115条", 5: "旅游法第88、91条"} {
		if basis, duty := r.TransferDuty(domain, on(t, "2026-05-01")); !duty || !strings.Contains(basis, article) {
			t.Errorf("domain %d must be transferred by %s: %q", domain, article, basis)
		}
	}
	if _, duty := r.TransferDuty(1, on(t, "2026-05-01")); duty {
		t.Error("daily goods need not")
	}
}

// 谁审批谁监管: telecommunications and express delivery have no fixed lead; the
// hub finds the office, and any department in being may turn out to be it.
func TestNoFixedLead(t *testing.T) {
	r, day := Default(), on(t, "2026-05-01")
	for _, domain := range []int{8, 9} {
		if unit, fixed := r.Unit(domain, "", day); unit != "amr" || fixed {
			t.Errorf("domain %d goes to %q, fixed %v", domain, unit, fixed)
		}
		for unit, want := range map[string]bool{"telecom_admin": true, "postal_admin": true, "amr": true, "licensing_authority": false, "court": false, "consumer_assoc": false, "nobody": false, "": false, "aic": false} {
			if got := r.Competent(unit, domain, "", day); got != want {
				t.Errorf("%q in domain %d: %v", unit, domain, got)
			}
		}
	}
	if unit, known := r.Unit(13, "", day); unit != "" || known {
		t.Errorf("there is no domain 13: %q", unit)
	}
}

// An association that the plan lists takes no administrative decision.
func TestAssociationsDecideNothing(t *testing.T) {
	r, day := Default(), on(t, "2026-05-01")
	for _, domain := range []int{4, 12} {
		if r.Competent("insurance_assoc", domain, "", day) {
			t.Errorf("the insurance association decides in domain %d", domain)
		}
	}
	if !r.Competent("pbc", 12, "", day) {
		t.Error("the People's Bank leads domain 12")
	}
}

// Every domain goes to an office that may deal with it, before and after the
// reform, and a department that was dissolved is nowhere competent since.
func TestEveryDomainIsRouted(t *testing.T) {
	r := Default()
	for _, day := range []string{"2018-09-01", "2019-01-01", "2026-05-01"} {
		for _, d := range r.County().Domains {
			unit, _ := r.Unit(d.Number, "", on(t, day))
			if !r.Competent(unit, d.Number, "370321001", on(t, day)) {
				t.Errorf("%s: domain %d goes to %q, which may not deal with it", day, d.Number, unit)
			}
			for _, old := range []string{"aic", "fda", "qts", "price", "health", "tourism"} {
				if day != "2018-09-01" && r.Competent(old, d.Number, "", on(t, day)) {
					t.Errorf("%s: %s is competent in domain %d", day, old, d.Number)
				}
			}
		}
	}
	if n := len(r.County().Domains); n != 12 {
		t.Errorf("%d domains", n)
	}
}
