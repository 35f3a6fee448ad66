package policy

import (
	"strings"
	"testing"
)

// An office is reached where its successor is since the reform; before, where it
// was itself. Whoever licenses is nowhere.
func TestAnOfficeIsReachedAtItsSuccessors(t *testing.T) {
	text := strings.NewReplacer("{code: agri,", "{code: agri, mail: old@c.example,", "{code: agri_rural,", "{code: agri_rural, mail: new@c.example,").Replace(string(huantaiFile))
	r, err := Load("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ code, day, want string }{{"agri", "2018-12-31", "agri old@c.example"}, {"agri", "2019-01-01", "agri_rural new@c.example"}, {"agri_rural", "2026-05-06", "agri_rural new@c.example"},
		{"psb", "2026-05-06", "psb "}, {"licensing_authority", "2026-05-06", " "}, {"nobody", "2026-05-06", " "}} {
		if o := r.Reached(x.code, on(t, x.day)); o.Code+" "+o.Mail != x.want {
			t.Errorf("%s on %s: %+v", x.code, x.day, o)
		}
	}
	without := " " + strings.Join(r.Unreachable(on(t, "2026-05-06")), " ") + " "
	if strings.Contains(without, " agri") || !strings.Contains(without, " amr ") || !strings.Contains(without, " psb ") || strings.Contains(without, "licensing") || strings.Contains(without, " aic ") {
		t.Errorf("without an address:%s", without)
	}
	if r.Court() != "court" {
		t.Error(r.Court())
	}
}
