package publication

import "regexp"

// coarser makes days months and takes times of day out: a day and a shop often
// are a person (DOMAIN.md 3.3). The first that fits a place wins.
var coarser = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`((?:19|20|１９|２０)` + figure + `{2})\s*[年./\-—－．]\s*(` + figure + `{1,2})\s*[月./\-—－．]\s*` + figure + `{1,2}\s*[日号]?`), "${1}年${2}月"},
	{regexp.MustCompile(`\b((?:19|20)\d\d)(0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b`), "${1}年${2}月"},
	{regexp.MustCompile(`(` + figure + `{1,2}|[一二三四五六七八九十]{1,2})\s*月\s*份?\s*(?:` + figure + `{1,2}|[一二三四五六七八九十廿卅]{1,3})\s*[日号]?`), "${1}月"},
	{regexp.MustCompile(`(?:` + hours + `)?\s*` + figure + `{1,2}\s*[:：]\s*` + figure + `{2}(?:\s*[:：]\s*` + figure + `{2})?`), Mark},
	{regexp.MustCompile(`(?:` + hours + `)\s*(?:` + figure + `{1,2}|[一二三四五六七八九十两]{1,3})\s*[点时]钟?\s*(?:` + figure + `{1,2}\s*分|半|整|多|左右)?`), Mark},
	{regexp.MustCompile(figure + `{1,2}\s*[点时]\s*(?:` + figure + `{1,2}\s*分|半)`), Mark},
	{regexp.MustCompile(`(本月|上个?月|当月|这个?月|下个?月)\s*(?:` + figure + `{1,2}|[一二三四五六七八九十廿卅]{1,3})\s*[日号]`), "${1}"},
	{regexp.MustCompile(figure + `{1,2}\s*日([^用常化子均期]|$)`), Mark + "${1}"},
}

const (
	figure = `[0-9０-９]`
	hours  = `凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚`
)

// Narrative proposes what may be published of a text: without what gives persons
// away, and with days made months. A person looks at it before it is published.
func Narrative(text string, known ...string) string { return coarse(Scrub(text, known...)) }

func coarse(text string) string {
	for range 8 { // what is taken out can bring two parts of another day together
		before := text
		for _, c := range coarser {
			text = c.form.ReplaceAllString(text, c.with)
		}
		if text == before {
			break
		}
	}
	return text
}

// NamesFloor is the share that recall and precision of names must both reach on
// texts that nobody had looked at before, for a text to be shown in which
// something still may be a name. NamesRecall and NamesPrecision are what was
// measured last (docs/publication.md): as long as one of them is below the floor,
// such a text stays held, and an officer words it so that nothing is left.
const NamesFloor, NamesRecall, NamesPrecision = 0.85, 0.86, 0.20

const namesHold = NamesRecall < NamesFloor || NamesPrecision < NamesFloor

// Publishable reports whether a text that an officer made of a narrative may be
// shown: nothing in it is somebody's by its form or as it was told, nothing may be
// a name, no day stands in it.
func Publishable(text string, known ...string) bool {
	return len(Left(text, known...)) == 0 && text != ""
}

// Left lists the kinds of what must still go from a text before it may be shown.
func Left(text string, known ...string) (kinds []Kind) {
	for _, s := range Find(text, known...) {
		if s.Kind != Name || namesHold {
			kinds = append(kinds, s.Kind)
		}
	}
	if coarse(text) != text {
		kinds = append(kinds, Day)
	}
	return kinds
}
