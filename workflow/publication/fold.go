package publication

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// folded is a text in one spelling, rune for rune: half width, lower case, digits
// as 0 to 9 whatever they were written with. at maps its runes to the bytes of
// the text, with one more for the end.
type folded struct {
	runes   []rune
	at      []int
	text    string
	offsets []int // byte in text where each rune begins
}

// chineseDigits are digits as they are spoken on the telephone and written in
// forms; circled ones people use to get around filters.
var chineseDigits = func() map[rune]rune {
	m := map[rune]rune{'〇': '0', '○': '0', '零': '0', '幺': '1', '两': '2'}
	for _, set := range []string{"一二三四五六七八九", "壹贰叁肆伍陆柒捌玖", "①②③④⑤⑥⑦⑧⑨", "❶❷❸❹❺❻❼❽❾", "⑴⑵⑶⑷⑸⑹⑺⑻⑼"} {
		for i, c := range []rune(set) {
			m[c] = rune('1' + i)
		}
	}
	m['⓪'], m['⓿'] = '0', '0'
	return m
}()

func fold(text string) *folded {
	f := &folded{}
	for at, c := range text {
		if n := []rune(width.Fold.String(string(c))); len(n) == 1 {
			c = n[0]
		}
		f.runes, f.at = append(f.runes, unicode.ToLower(c)), append(f.at, at)
	}
	f.at = append(f.at, len(text))
	var b strings.Builder
	for _, c := range f.runes {
		f.offsets = append(f.offsets, b.Len())
		b.WriteRune(c)
	}
	f.offsets = append(f.offsets, b.Len())
	f.text = b.String()
	return f
}

// rune is the place of the rune that begins at a byte of the folded text.
func (f *folded) rune(offset int) int {
	lo, hi := 0, len(f.offsets)-1
	for lo < hi {
		if mid := (lo + hi) / 2; f.offsets[mid] < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// silent reports what may stand between the parts of a number or a name without
// parting them.
func silent(c rune) bool {
	return unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Mn, c) || strings.ContainsRune("-–—_.·•/()（）", c)
}

// digit is the value of a rune within a number; l and o count beside digits.
func (f *folded) digit(i int) (rune, bool) {
	c := f.runes[i]
	if c >= '0' && c <= '9' {
		return c, true
	}
	if d, ok := chineseDigits[c]; ok {
		return d, true
	}
	looks := map[rune]rune{'l': '1', 'i': '1', '|': '1', 'o': '0'}[c]
	beside := func(j int) bool { return j >= 0 && j < len(f.runes) && f.runes[j] >= '0' && f.runes[j] <= '9' }
	return looks, looks != 0 && (beside(i-1) || beside(i+1))
}

// longNumber is how many digits make a number that is somebody's: a telephone
// without its area has seven.
const longNumber = 7

var day = regexp.MustCompile(`^(19|20)\d\d[-./]?(0?[1-9]|1[0-2])[-./]?(0?[1-9]|[12]\d|3[01])$`)

// numbers finds long numbers, with at most three silent runes between digits.
// Days are none, nor are two of them in a row.
func (f *folded) numbers(add func(from, to int, kind Kind)) {
	for i := 0; i < len(f.runes); {
		if _, ok := f.digit(i); !ok {
			i++
			continue
		}
		from, to, gap := i, i, 0
		var plain, digits strings.Builder
		for j := i; j < len(f.runes) && gap <= 3; j++ {
			if d, ok := f.digit(j); ok {
				plain.WriteRune(d)
				digits.WriteRune(d)
				to, gap = j+1, 0
				continue
			}
			if c := f.runes[j]; c == 'x' && digits.Len() == 17 {
				to = j + 1
				break
			} else if !silent(c) {
				break
			}
			plain.WriteRune(f.runes[j])
			gap++
		}
		text := strings.TrimRightFunc(plain.String(), silent)
		if digits.Len() >= longNumber && !isDays(text) && !(money.MatchString(text) && f.counts(to)) {
			add(from, to, Number)
		}
		i = to
	}
}

// money is a sum as it is written out.
var money = regexp.MustCompile(`^\d{1,7}(\.\d{1,2})?$`)

// counts reports whether a unit of money stands here.
func (f *folded) counts(i int) bool {
	return i < len(f.runes) && strings.ContainsRune("元块圆", f.runes[i])
}

func isDays(text string) bool {
	if day.MatchString(text) {
		return true
	}
	for _, sep := range []string{"-", "—", "–", " "} {
		if a, b, ok := strings.Cut(text, sep); ok && len(a) == 8 && day.MatchString(a) && day.MatchString(b) {
			return true
		}
	}
	if d, clock, ok := strings.Cut(text, " "); ok && day.MatchString(d) && len(clock) <= 2 { // 2026-05-06 10:30
		return true
	}
	return false
}

// known finds what is somebody's, however it is spaced.
func (f *folded) known(known []string, add func(from, to int, kind Kind)) {
	for _, text := range known {
		var want []rune
		for _, c := range fold(text).runes {
			if !silent(c) {
				want = append(want, c)
			}
		}
		if len(want) < 2 {
			continue
		}
		for i := range f.runes {
			if end, ok := f.matches(i, want); ok {
				add(i, end, Known)
			}
		}
	}
}

func (f *folded) matches(i int, want []rune) (end int, ok bool) {
	for n, gap := 0, 0; i < len(f.runes); i++ {
		switch c := f.runes[i]; {
		case c == want[n]:
			if n, gap = n+1, 0; n == len(want) {
				return i + 1, true
			}
		case n > 0 && gap < 3 && silent(c):
			gap++
		default:
			return 0, false
		}
	}
	return 0, false
}

// written are forms that give a person away, on the folded text; a group is the
// part that does.
var written = map[Kind][]*regexp.Regexp{
	Mail: {regexp.MustCompile(`[a-z0-9._%+-]+\s*@\s*[a-z0-9.-]+\.[a-z]{2,}`)},
	Account: {regexp.MustCompile(`(?:微信|薇信|威信|wechat|weixin|支付宝|企鹅|扣扣|抖音号|淘宝号|旺旺)(?:号码|帐号|账号|号|id)?[\s:：是为]{0,4}([a-z0-9][a-z0-9_.-]{4,30})`),
		regexp.MustCompile(`(?:^|[^a-z])(?:wx|vx|qq)(?:号码|号)?[\s:：是为]{0,4}([a-z0-9][a-z0-9_.-]{4,30})`)},
	Plate: {regexp.MustCompile(`[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][a-z][\s·.•-]{0,3}(?:[a-hj-np-z0-9][\s·.-]?){4,5}[a-hj-np-z0-9挂学警港澳]`)},
	Address: {regexp.MustCompile(`\p{Han}{0,6}(?:路|街|大道|巷|胡同|弄|村|社区|小区|花园|公寓|家园|新村|苑|广场|大厦)\s*\p{Han}{0,4}\s*[0-9a-z一二三四五六七八九十百]+[\s-]*(?:号楼|号|弄|栋|幢|座|单元|楼|层|室|户|组|排)(?:[\s-]*[0-9a-z一二三四五六七八九十]+[\s-]*(?:号楼|号|弄|栋|幢|座|单元|楼|层|室|户|组|排)?)*`),
		regexp.MustCompile(`[0-9a-z]+\s*(?:号楼|栋|幢|座)[\s-]*[0-9a-z一二三四五六七八九十]+[\s-]*(?:单元|楼|层|室|户|号)?(?:[\s-]*[0-9]+[\s-]*(?:单元|楼|层|室|户|号)?)*`)},
}
