package policy

import (
	"fmt"
	"strings"
	"testing"
)

// A wrong file is refused, with file, line and what is wrong; the line is that
// of the value, wherever else in the file the same words stand.
func TestWrongFiles(t *testing.T) {
	good := string(huantaiFile)
	for name, x := range map[string]struct{ from, to, says string }{
		"misspelt key":       {"  reminders:", "  remindrs:", "remindrs is not a key here"},
		"key twice":          {"  overlay: earlier", "  roll: rest_day #", "already defined"},
		"wrong value":        {"  roll: rest_day", "  roll: sunday", "roll is rest_day or holiday_only"},
		"wrong overlay":      {"  overlay: earlier", "  overlay: later", "overlay is earlier or off"},
		"wrong type":         {"  - number: 1\n", "  - number: one\n", "cannot unmarshal"},
		"number twice":       {"  - number: 4\n", "  - number: 3\n", "a number from 1 to 12 of its own"},
		"promise misspelt":   {"  - {code: triage,", "  - {code: trage,", "no promise that the engine knows"},
		"promise twice":      {"  - {code: correction,", "  - {code: triage,", "triage is promised twice"},
		"length of 0":        {"  - {code: triage, zh: 分流, n: 2", "  - {code: triage, zh: 分流, n: 0", "n from 1 to 1000"},
		"no such unit":       {"zh: 补正, n: 3, unit: working_day", "zh: 补正, n: 3, unit: workday", "unit one of"},
		"no such lead":       {"    lead: transport\n", "    lead: nobody\n", "a lead from the departments"},
		"no such share":      {"    with: [qts, psb", "    with: [qts, nobody", "\"nobody\" is none of the departments"},
		"no such successor":  {"successor: agri_rural", "successor: nobody", "is no other department"},
		"no such kind":       {"kind: court}", "kind: tribunal}", "kind is one of"},
		"department twice":   {"  - {code: qts,", "  - {code: aic,", "a code of its own and a name"},
		"town without name":  {"zh: 索镇街道", "zh: \"\"", "a code of its own and a name"},
		"category twice":     {"      - {code: improper_pricing,", "      - {code: toxic_excess,", "needs a code of its own"},
		"reminder over 100":  {"reminders: [50, 80]", "reminders: [50, 180]", "from 1 to 99"},
		"reminders reversed": {"reminders: [50, 80]", "reminders: [80, 50]", "ascending"},
		"step misspelt":      {"    - {after: 1, to: unit_head}", "    - {aftr: 1, to: unit_head}", "aftr is not a key here"},
		"step at once":       {"    - {after: 1, to: unit_head}", "    - {after: 0, to: unit_head}", "from 1 to 60 working days"},
		"steps reversed":     {"    - {after: 3, to: coordinator}", "    - {after: 1, to: coordinator}", "more than in the step before"},
		"step to nobody":     {"    - {after: 5, to: joint_conference}", "    - {after: 5, to: mayor}", "to is one of"},
		"step twice":         {"    - {after: 5, to: joint_conference}", "    - {after: 5, to: unit_head}", "told twice"},
		"code too short":     {"    digits: 6", "    digits: 4", "digits is from 6 to 10"},
		"no attempts":        {"    attempts: 5", "    attempts: 0", "attempts is from 1 to 10"},
		"check misspelt":     {"    a_day: 5", "    per_day: 5", "per_day is not a key here"},
		"no limit":           {"{R0: 1, R1: 3, R2: 3}", "{R0: 1, R1: 3}", "needs R2"},
		"unknown regime":     {"{R0: 1, R1: 3, R2: 3}", "{R0: 1, R1: 3, R2: 3, R9: 1}", "R9 is no regime"},
		"no such hub":        {"hub: amr,", "hub: nobody,", "needs a hub from the departments"},
		"prefix absent":      {"prefix: HT, ", "", "needs a prefix"},
		"prefix in lower":    {"prefix: HT, ", "prefix: ht, ", "needs a prefix"},
		"prefix of reports":  {"prefix: HT, ", "prefix: JB, ", "numbers of reports"},
		"rate of no channel": {"    rate: {sms: {", "    rate: {fax: {", "channels are"},
		"rate of nothing":    {"    rate: {sms: {hour: 6", "    rate: {sms: {hour: 0", "hour from 1"},
		"digest of nothing":  {"    digest: {more_than: 5", "    digest: {more_than: 0", "more_than from 1"},
		"day below hour":     {"    rate: {sms: {hour: 6, day: 20", "    rate: {sms: {hour: 6, day: 5", "no less than hour"},
		"no mail address":    {"  - {code: psb,", "  - {code: psb, mail: 县公安局,", "mail is an address like"},
		"mail with a name":   {"  - {code: psb,", "  - {code: psb, mail: \"A <a@b.cn>\",", "mail is an address like"},
		"two mails":          {"  - {code: psb,", "  - {code: psb, mail: \"a@b.cn,c@b.cn\",", "mail is an address like"},
		"no phone number":    {"  - {code: psb,", "  - {code: psb, phone: 内线,", "phone is a number"},
		"mail of no office":  {"  - {code: licensing_authority,", "  - {code: licensing_authority, mail: a@b.cn,", "no office and has no mailbox"},
		"entry for ever":     {"    entry_days: 365", "    entry_days: 3650", "from 1 to 1826"},
		"no such pilot":      {"    pilots: [] ", "    pilots: [{domain: nowhere}] ", "name each domain once by its code"},
		"no such pilot town": {"    pilots: [] ", "    pilots: [{domain: food, towns: [\"1\"]}] ", "is no town of the county"},
		"never nothing":      {"    never: [medical]", "    never: [nothing]", "never names domains by their code"},
		"without consent":    {"    without_consent: hold", "    without_consent: show", "hold or structure"},
		"review of 0":        {"    review: {own: 3", "    review: {own: 0", "review.own is from 1 to 60"},
		"version":            {"version: own/2026-01", "version: R2/2026-04-15", "needs a version"},
	} {
		before, _, found := strings.Cut(good, x.from)
		if !found {
			t.Fatalf("%s: %q is not in the file", name, x.from)
		}
		line := strings.Count(before, "\n") + 1
		_, err := Load("county.yaml", []byte(strings.Replace(good, x.from, x.to, 1)))
		if err == nil || !strings.Contains(err.Error(), x.says) || !strings.Contains(err.Error(), fmt.Sprintf("county.yaml:%d: ", line)) {
			t.Errorf("%s: want line %d and %q, got %v", name, line, x.says, err)
		}
	}
}

func TestFilesThatAreNoPlan(t *testing.T) {
	for text, says := range map[string]string{
		"":                                "county.yaml:1: the file is empty",
		"# nothing\n":                     "county.yaml:1: the file is empty",
		"county: [":                       "county.yaml:1: ",
		"county: 3":                       "county.yaml:1: ",
		"towns: []\n":                     "own promises lack triage",
		string(huantaiFile) + "---\na: 1": "a second document begins here",
	} {
		if _, err := Load("county.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// All faults are told at once, a line each.
func TestEveryFaultIsNamed(t *testing.T) {
	text := strings.NewReplacer("roll: rest_day", "roll: never", "overlay: earlier", "overlay: later").Replace(string(huantaiFile))
	_, err := Load("county.yaml", []byte(text))
	if err == nil || strings.Count(err.Error(), "county.yaml:") != 2 {
		t.Errorf("two faults: %v", err)
	}
}
