package publication

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

// surnames.txt has a line for each surname of one character: the surname, then
// the characters with which it makes common words as their beginning, then those
// with which it makes common words as their end. The words are those of the
// dictionary that came with jieba (MIT), without its names. Surnames that are far
// more often another word are not in it.
//
//go:embed surnames.txt
var surnameFile string

type surname struct{ next, before map[rune]bool }

var surnames = func() map[rune]surname {
	set := func(text string) map[rune]bool {
		m := map[rune]bool{}
		for _, c := range text {
			m[c] = true
		}
		return m
	}
	out := map[rune]surname{}
	for line := range strings.SplitSeq(strings.TrimSpace(surnameFile), "\n") {
		parts := strings.Split(line+"  ", " ")
		out[[]rune(parts[0])[0]] = surname{set(parts[1]), set(parts[2])}
	}
	return out
}()

// twofold are surnames of two characters.
var twofold = []string{"欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "轩辕", "令狐", "夏侯", "长孙", "宇文", "司徒", "端木", "南宫", "慕容", "澹台", "闻人", "呼延", "申屠", "独孤", "西门", "百里", "鲜于", "钟离", "濮阳", "淳于", "太史", "公羊", "赫连", "拓跋", "仲孙", "公冶", "宗政", "梁丘", "左丘", "东郭", "南门", "漆雕", "第五"}

// follows are characters that begin what comes after a name rather than end one.
const follows = "说在的是和与对把被给让叫拒要来去到于从未不没也都就又已将等女及称以为会有收退卖买打告表承答因但只却还再让找问同即并而或于为与则各所该这那我你他她它吗呢吧啊了着过得地联负推态强声语骗写签做电回服客解处"

// begins is what comes after a surname that is a word of its own here: none of
// these begins a name that people are given.
const begins = "的了是才以从什也之于与和至往去走收取付补该将被把给让叫在不没就都又再会要能可需应且但并而或若这那我你他她它吗呢吧啊过着们个时间已未近才边越比更最太很只还仍所则却各每另某何今昨日月年号元"

// words are surnames that are more often a word or a part of a place's name: after
// them only characters that people are named with make a name.
const words = "路房钱费沙楚越单边付班景花章井关宗门包代堵宰管车水时经商居国强利权库广厚盖后冷农段红幸扶"

// given are characters that people are commonly named with.
const given = "伟刚勇毅俊峰强军平保东文辉力明永健世广志义兴良海山仁波宁贵福生龙元全国胜学祥发武新清飞彬富顺信子杰涛昌康星光天达安岩中茂进林有坚彪博诚先敬震振壮思群豪心邦承乐绍功松善厚庆磊民友裕河哲江超浩亮政谦奇之翰朗伯宏言若鸣朋斌梁栋维启克伦翔旭鹏泽晨辰士建家致树炎德泰盛雄琛钧冠策腾楠榕航弘秀娟英华慧巧美娜静淑惠珠翠雅芝玉萍红娥玲芬芳燕彩春菊兰凤洁梅琳素云莲真环雪荣爱妹霞香月莺媛艳瑞凡佳嘉琼勤珍贞莉桂娣叶璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓仪荷丹蓉君琴蕊薇菁梦岚婕馨韵融艺咏卿聪澜纯毓悦昭冰爽茗羽希欣育滢筠柔竹凝晓欢枫芸菲伊亚宜舒影丽敏坤凯晖隆扬浚召"

// places are endings of the names of places.
const places = "井坪沟寨屯府镇村路街区县市乡省桥湖岭河港湾楼店厂站园院局所校"

// titles follow a surname alone: nobody is named by that.
var titles = []string{"书记", "老师", "经理", "先生", "女士", "小姐", "师傅", "老板", "医生", "主任", "店长", "局长", "所长", "科长", "部长", "院长", "校长", "总", "某", "同志", "大夫", "姐", "哥", "叔", "阿姨"}

// cues come right before a name; what follows them is one even if it could be a
// word.
var cues = []string{"姓名", "我叫", "本人", "联系人", "投诉人", "申请人", "收件人", "户主", "名叫", "叫做", "自称"}

// names finds what may be a person's name: a surname and one or two characters.
// Within one that was found only its second character may begin another.
func (f *folded) names(add func(from, to int, kind Kind)) {
	begun, over := 0, 0
	for i := range f.runes {
		if i < over && i > begun+1 {
			continue
		}
		first := 1
		if i+1 < len(f.runes) && slices.Contains(twofold, string(f.runes[i:i+2])) {
			first = 2
		} else if _, ok := surnames[f.runes[i]]; !ok {
			continue
		}
		if end := f.name(i, first, f.cued(i)); end > 0 {
			add(i, end, Name)
			begun, over = i, end
		}
	}
}

// cued reports whether a cue stands before this place.
func (f *folded) cued(i int) bool {
	for i > 0 && (silent(f.runes[i-1]) || strings.ContainsRune(":：是", f.runes[i-1])) {
		i--
	}
	return slices.ContainsFunc(cues, func(c string) bool {
		r := []rune(c)
		return i >= len(r) && string(f.runes[i-len(r):i]) == c
	})
}

// name is where the name that begins here ends, 0 if there is none.
func (f *folded) name(i, first int, cued bool) int {
	second := i + first
	if second >= len(f.runes) || !unicode.Is(unicode.Han, f.runes[second]) {
		return 0
	}
	rest := string(f.runes[second:min(second+3, len(f.runes))])
	for _, t := range titles {
		if strings.HasPrefix(rest, t) {
			return 0
		}
	}
	if first == 1 && !cued && f.isWord(i) || strings.ContainsRune(places, f.runes[second]) && !cued {
		return 0
	}
	third := second + 1
	if third >= len(f.runes) || !unicode.Is(unicode.Han, f.runes[third]) || strings.ContainsRune(follows, f.runes[third]) {
		return second + 1
	}
	if rest := string(f.runes[third:min(third+2, len(f.runes))]); slices.ContainsFunc(titles, func(t string) bool { return strings.HasPrefix(rest, t) }) {
		return second + 1
	}
	if strings.ContainsRune(places, f.runes[third]) && !cued {
		return 0
	}
	return third + 1
}

// isWord reports whether a surname begins or ends a common word here, or nobody is
// named by what follows it.
func (f *folded) isWord(i int) bool {
	s, next := surnames[f.runes[i]], f.runes[i+1]
	if s.next[next] || i > 0 && s.before[f.runes[i-1]] || strings.ContainsRune(begins, next) {
		return true
	}
	return strings.ContainsRune(words, f.runes[i]) && !strings.ContainsRune(given, next)
}
