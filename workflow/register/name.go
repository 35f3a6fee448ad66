package register

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Fold writes a name as it is compared: width and case folded, and nothing but
// letters and digits.
func Fold(name string) string {
	var b strings.Builder
	for _, c := range width.Fold.String(name) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			b.WriteRune(unicode.ToUpper(c))
		}
	}
	return b.String()
}

// forms are the endings that say which legal form a name has and nothing else,
// the longest first.
var forms = []string{"股份有限责任公司", "有限责任公司", "股份有限公司", "个人独资企业", "个体工商户", "有限公司", "总公司", "分公司", "公司"}

// stem cuts the legal form off a folded name, unless nothing would be left.
func stem(folded string) string {
	for _, f := range forms {
		if rest, ok := strings.CutSuffix(folded, f); ok && rest != "" {
			return rest
		}
	}
	return folded
}

// provinces stand before many registered names.
var provinces = []string{"北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南",
	"湖北", "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆"}

// Places are the names of the county, its towns and what lies above them. A
// registered name begins with one, a sign on the street does not, so they do not
// count when names are compared.
type Places struct{ names []string }

// NewPlaces takes full names (桓台县, 索镇街道) and knows their short forms.
func NewPlaces(names ...string) Places {
	var all []string
	add := func(name string, endings ...string) {
		all = append(all, name)
		for _, e := range endings {
			if short, ok := strings.CutSuffix(name, e); ok && len([]rune(short)) >= 2 {
				all = append(all, short)
			}
		}
	}
	for _, p := range provinces {
		add(p + "省")
		add(p)
	}
	for _, n := range names {
		add(Fold(n), "街道", "镇", "乡", "县", "区", "市")
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return Places{slices.Compact(all)}
}

// Core is what tells a name from others: without the places before it and the
// legal form after it. It is never empty unless the name is.
func (p Places) Core(name string) string {
	core := stem(digits(Fold(name)))
	for {
		rest := p.cut(core)
		if rest == core {
			return core
		}
		core = rest
	}
}

// cut takes one place off the front; two characters must be left, or 山东饭店
// would become 饭店 and then every 饭店.
func (p Places) cut(core string) string {
	for _, place := range p.names {
		if rest, ok := strings.CutPrefix(core, place); ok && len([]rune(rest)) > 3 {
			return rest
		}
	}
	runes := []rune(core)
	for n := 2; n <= 3 && n+1 < len(runes); n++ { // 淄博市桓台县…: a city before a place that is known
		if runes[n] != '市' {
			continue
		}
		rest := string(runes[n+1:])
		if slices.ContainsFunc(p.names, func(place string) bool { return strings.HasPrefix(rest, place) }) {
			return rest
		}
	}
	return core
}

// digits writes the number of a branch in one way: 二分店 and 2分店 are one.
func digits(folded string) string {
	runes := []rune(folded)
	for i := range runes {
		if n := strings.IndexRune("一二三四五六七八九", runes[i]); n >= 0 && i+1 < len(runes) && strings.ContainsRune("店分号部", runes[i+1]) {
			runes[i] = rune('1' + n/len("一"))
		}
	}
	return string(runes)
}

// numbers are the digits of a name, which tell one branch from the next.
func numbers(folded string) string {
	return strings.Join(strings.FieldsFunc(digits(folded), func(c rune) bool { return !unicode.IsDigit(c) }), " ")
}
