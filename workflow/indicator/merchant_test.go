package indicator_test

import (
	"testing"

	"fangxin/workflow/indicator"
)

// A merchant's counts are exact; of a doctor's, a bank's or a sole trader's nothing
// is said below ten, and no number from 1 to 4.
func TestMerchantPublic(t *testing.T) {
	for _, x := range []struct {
		filed, refused int64
		careful        bool
		filedSaid      bool
		refusedSaid    bool
	}{{3, 1, false, true, true}, {9, 5, true, false, false}, {10, 4, true, true, false}, {10, 5, true, true, true}, {12, 0, true, true, true}} {
		c := indicator.Counts{}
		c.Add("filed", 0, x.filed)
		c.Add("talks.refused", 0, x.refused)
		g := indicator.MerchantPublic(indicator.Group{Key: "m_1", From: 20_000, To: 20_364, Counts: c}, x.careful, 20_700)
		if (g.Numbers["filed"] != nil) != x.filedSaid || (g.Numbers["talks.refused"] != nil) != x.refusedSaid {
			t.Errorf("%+v: %v %v", x, g.Numbers["filed"], g.Numbers["talks.refused"])
		}
	}
}
