package workflow

import "testing"

// A number of a person does not stand where a code belongs; numbers of papers,
// cases and other systems do.
func TestPersonalNumbersAreNoCodes(t *testing.T) {
	for _, text := range []string{"13912345678", "card:13912345678", "tel-13912345678", "11010519491231002X", "11010519491231002x", "id:440524188001010014"[:3] + "11010519491231002X"} {
		if !personalNumber(text) {
			t.Errorf("%s is taken", text)
		}
	}
	for _, text := range []string{"", "card", "12345678901", "139123456789", "1391234567", "HT-2026-000123-8", "370321001", "11010519491231003X", "110105194913310027",
		"370321202605060012", "20260506000123", "file:1", "sms_report", "9144030071526726XG"} {
		if personalNumber(text) {
			t.Errorf("%s is refused", text)
		}
	}
}
