package calendar

import "time"

// lunar gives, as month*100+day, Spring Festival (正月初一), Qingming, Dragon
// Boat and Mid-Autumn: what a year without a notice is known to have, whether
// it lies ahead or was looked at before its notice came.
var lunar = map[int][4]int{
	2010: {214, 405, 616, 922}, 2011: {203, 405, 606, 912}, 2012: {123, 404, 623, 930}, 2013: {210, 404, 612, 919},
	2014: {131, 405, 602, 908}, 2015: {219, 405, 620, 927}, 2016: {208, 404, 609, 915}, 2017: {128, 404, 530, 1004},
	2018: {216, 405, 618, 924}, 2019: {205, 405, 607, 913}, 2020: {125, 404, 625, 1001}, 2021: {212, 404, 614, 921},
	2022: {201, 405, 603, 910}, 2023: {122, 405, 622, 929}, 2024: {210, 404, 610, 917}, 2025: {129, 404, 531, 1006},
	2026: {217, 405, 619, 925}, 2027: {206, 405, 609, 915}, 2028: {126, 404, 528, 1003}, 2029: {213, 404, 616, 922},
	2030: {203, 405, 605, 912}, 2031: {123, 405, 624, 1001}, 2032: {211, 404, 612, 919}, 2033: {131, 404, 601, 908},
	2034: {219, 405, 620, 927}, 2035: {208, 405, 610, 916}, 2036: {128, 404, 530, 1004}, 2037: {215, 404, 618, 924},
	2038: {204, 405, 607, 913}, 2039: {124, 405, 527, 1002}, 2040: {212, 404, 614, 920}, 2041: {201, 404, 603, 910},
	2042: {122, 404, 622, 928}, 2043: {210, 405, 611, 917}, 2044: {130, 404, 531, 1005}, 2045: {217, 404, 619, 925},
	2046: {206, 404, 608, 915}, 2047: {126, 405, 529, 1004}, 2048: {214, 404, 615, 922}, 2049: {202, 404, 604, 911},
	2050: {123, 404, 623, 930},
}

// statutory names the statutory holiday of a day that no notice covers: 11 days
// a year, since 2025 13 (全国年节及纪念日放假办法, State Council Decree 795).
func statutory(d Date) string {
	t := d.utc()
	year, md := t.Year(), int(t.Month())*100+t.Day()
	switch {
	case md == 101:
		return "元旦"
	case md == 501 || md == 502 && year >= 2025:
		return "劳动节"
	case md >= 1001 && md <= 1003:
		return "国庆节"
	}
	l, ok := lunar[year]
	if !ok {
		return ""
	}
	first, last := springFestival(NewDate(year, time.Month(l[0]/100), l[0]%100))
	switch {
	case d >= first && d <= last:
		return "春节"
	case md == l[1]:
		return "清明节"
	case md == l[2]:
		return "端午节"
	case md == l[3]:
		return "中秋节"
	}
	return ""
}

// springFestival gives the statutory days around the first of the first month:
// the eve to the second until 2013, the first to the third until 2024, the eve
// to the third since.
func springFestival(newYear Date) (first, last Date) {
	switch y := newYear.Year(); {
	case y < 2014:
		return newYear - 1, newYear + 1
	case y < 2025:
		return newYear, newYear + 2
	}
	return newYear - 1, newYear + 2
}

var english = map[string]string{"元旦": "New Year", "春节": "Spring Festival", "清明节": "Qingming", "劳动节": "Labour Day", "端午节": "Dragon Boat", "中秋节": "Mid-Autumn",
	"国庆节": "National Day", "抗战胜利日": "Victory Day", "国庆节、中秋节": "National Day and Mid-Autumn", "中秋节、国庆节": "Mid-Autumn and National Day"}

// inEnglish names a holiday; a name that a later notice brings stays as it is.
func inEnglish(name string) string {
	if e, ok := english[name]; ok {
		return e
	}
	return name
}
