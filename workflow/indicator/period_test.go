package indicator

import (
	"testing"

	"fangxin/workflow/calendar"
)

// Every day lies in the quarter that is named after it, and four of them are the year.
func TestQuarters(t *testing.T) {
	year, _ := SpanOf("2028")
	names := map[string]Span{}
	for d := year.From; d <= year.To; d++ {
		x, ok := QuarterOf(Quarter(d))
		if !ok || d < x.From || d > x.To {
			t.Fatalf("%s lies in %s, %v", d, Quarter(d), x)
		}
		names[Quarter(d)] = x
	}
	if x := names["2028-Q1"]; len(names) != 4 || x.From != year.From || x.To != calendar.NewDate(2028, 3, 31) || names["2028-Q4"].To != year.To {
		t.Errorf("%v", names)
	}
	for _, name := range []string{"2028-Q0", "2028-Q5", "2028-q1", "2028", "2028-Q1 ", "2028-01"} {
		if _, ok := QuarterOf(name); ok {
			t.Errorf("%q is a quarter", name)
		}
	}
}
