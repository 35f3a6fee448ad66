package indicator

import "fangxin/workflow/calendar"

// MerchantPublic is what is published of one merchant. A merchant's own counts are
// what the publication of complaints is for and are exact; careful is one of whose
// customers even a count tells (medicine, finance) or who is a person himself (a
// sole trader): of such a one nothing is said below LeastRate complaints received,
// and no line from 1 to 4.
func MerchantPublic(g Group, careful bool, seen calendar.Date) PublicGroup {
	few := careful && g.Counts.of("filed") < LeastRate
	return public(g, codesOf([]Group{g}), seen, LeastRate, func(_ string, n int64) *int64 {
		if few || careful && small(n) {
			return nil
		}
		return &n
	})
}
