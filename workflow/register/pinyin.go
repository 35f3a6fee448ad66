package register

import (
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// syllables holds the first reading of every ordinary character, without tones
// and ü as v; asking the library for each character of a million names would
// take minutes.
var syllables = sync.OnceValue(func() map[rune]string {
	out := make(map[rune]string, 21000)
	args := pinyin.NewArgs()
	for c := rune(0x4E00); c <= 0x9FFF; c++ {
		if all := pinyin.SinglePinyin(c, args); len(all) > 0 {
			out[c] = all[0]
		}
	}
	return out
})

// readings are words of shop and place names in which a character is read
// otherwise than by itself: 银行 is yin hang. The longest that fits counts.
var readings = map[string]string{
	"银行": "yin hang", "商行": "shang hang", "车行": "che hang", "茶行": "cha hang", "米行": "mi hang", "鱼行": "yu hang", "药行": "yao hang", "洋行": "yang hang",
	"货行": "huo hang", "当行": "dang hang", "琴行": "qin hang", "酒行": "jiu hang", "水果行": "shui guo hang", "分行": "fen hang", "支行": "zhi hang",
	"总行": "zong hang", "行业": "hang ye", "行家": "hang jia", "旅行": "lv xing", "电行": "dian hang", "布行": "bu hang", "木行": "mu hang", "玉行": "yu hang",
	"音乐": "yin yue", "乐器": "yue qi", "乐队": "yue dui", "琴乐": "qin yue", "声乐": "sheng yue", "乐陵": "lao ling", "乐亭": "lao ting",
	"长城": "chang cheng", "长江": "chang jiang", "长安": "chang an", "长春": "chang chun", "长沙": "chang sha", "长寿": "chang shou", "长山": "chang shan",
	"长清": "chang qing", "长岛": "chang dao", "成长": "cheng zhang", "家长": "jia zhang", "店长": "dian zhang", "会长": "hui zhang", "长治": "chang zhi",
	"重庆": "chong qing", "重阳": "chong yang", "重合": "chong he", "重工": "zhong gong", "重型": "zhong xing", "重机": "zhong ji",
	"大厦": "da sha", "商厦": "shang sha", "厦门": "xia men", "广厦": "guang sha", "成都": "cheng du", "首都": "shou du", "都市": "du shi", "都会": "du hui",
	"单县": "shan xian", "东阿": "dong e", "阿胶": "e jiao", "莘县": "shen xian", "茌平": "chi ping", "兖州": "yan zhou", "莒县": "ju xian", "六安": "lu an",
	"台州": "tai zhou", "蚌埠": "beng bu", "大城": "dai cheng", "东莞": "dong guan", "番禺": "pan yu", "丽水": "li shui", "铅山": "yan shan", "涡阳": "guo yang",
	"会计": "kuai ji", "便宜": "pian yi", "便利": "bian li", "人参": "ren shen", "海参": "hai shen", "参茸": "shen rong", "西洋参": "xi yang shen",
	"番茄": "fan qie", "茄子": "qie zi", "雪茄": "xue jia", "薄荷": "bo he", "薄饼": "bao bing", "薄利": "bo li", "大夫": "dai fu", "调味": "tiao wei",
	"调料": "tiao liao", "调理": "tiao li", "空调": "kong tiao", "烹调": "peng tiao", "调查": "diao cha", "调剂": "tiao ji", "炸鸡": "zha ji", "炸串": "zha chuan",
	"油炸": "you zha", "炸酱": "zha jiang", "扎啤": "zha pi", "包扎": "bao za", "煎饼": "jian bing", "粘糕": "nian gao", "粘豆包": "nian dou bao", "馄饨": "hun tun",
	"咖喱": "ga li", "蛤蜊": "ge li", "蛤蟆": "ha ma", "蛋挞": "dan ta", "作坊": "zuo fang", "磨坊": "mo fang", "油坊": "you fang", "豆腐坊": "dou fu fang",
	"牛仔": "niu zai", "呢绒": "ni rong", "模具": "mu ju", "模样": "mu yang", "降压": "jiang ya", "数码": "shu ma", "理发": "li fa", "美发": "mei fa", "烫发": "tang fa",
	"假发": "jia fa", "头发": "tou fa", "发廊": "fa lang", "发艺": "fa yi", "发型": "fa xing", "子弹": "zi dan", "弹簧": "tan huang", "弹力": "tan li",
	"里弄": "li long", "校准": "jiao zhun", "校正": "jiao zheng", "相机": "xiang ji", "供给": "gong ji", "给水": "ji shui", "自给": "zi ji", "羊圈": "yang juan",
	"卡车": "ka che", "关卡": "guan qia", "泊车": "bo che", "泊位": "bo wei", "湖泊": "hu po", "梁山泊": "liang shan po", "宿舍": "su she", "宿松": "su song",
	"丰盛": "feng sheng", "盛器": "cheng qi", "地壳": "di qiao", "藏族": "zang zu", "西藏": "xi zang", "藏药": "zang yao", "珍藏": "zhen cang", "冷藏": "leng cang",
	"处方": "chu fang", "量贩": "liang fan", "测量": "ce liang", "种子": "zhong zi", "种植": "zhong zhi", "种业": "zhong ye", "率先": "shuai xian", "效率": "xiao lv",
	"石磨": "shi mo", "血旺": "xue wang", "血糖": "xue tang", "柏林": "bo lin", "松柏": "song bai", "朴质": "pu zhi", "尺八": "chi ba", "吐鲁番": "tu lu fan",
	"可汗": "ke han", "龟兹": "qiu ci", "万俟": "mo qi", "尉迟": "yu chi", "区氏": "ou shi", "仇氏": "qiu shi", "解氏": "xie shi", "任氏": "ren shi", "曾氏": "zeng shi",
	"曾记": "zeng ji", "任记": "ren ji", "解记": "xie ji", "仇记": "qiu ji", "单记": "shan ji", "查记": "zha ji", "朴记": "piao ji", "盖记": "ge ji", "华记": "hua ji",
	"佛山": "fo shan", "仿佛": "fang fu", "大佛": "da fo", "说客": "shui ke", "落枕": "lao zhen", "熟食": "shu shi", "露天": "lu tian", "还原": "huan yuan",
	"中转": "zhong zhuan", "转转": "zhuan zhuan", "传记": "zhuan ji", "传媒": "chuan mei", "传统": "chuan tong", "曲阜": "qu fu", "歌曲": "ge qu", "酒曲": "jiu qu",
	"车轮": "che lun", "车辆": "che liang", "好莱坞": "hao lai wu", "爱好": "ai hao", "好利": "hao li", "兴隆": "xing long", "兴旺": "xing wang", "兴趣": "xing qu",
	"和面": "huo mian", "暖和": "nuan huo", "钥匙": "yao shi", "汤匙": "tang chi", "吓人": "xia ren", "鲜血": "xian xue", "奇数": "ji shu", "奇石": "qi shi",
}

// longestReading is the longest word of readings, in characters.
const longestReading = 3

// Syllables reads a name aloud: a syllable for each Chinese character, letters
// and digits as they are, in lower case, one piece for each run of them.
func Syllables(name string) []string {
	known := syllables()
	runes := []rune(Fold(name))
	var out []string
	run := false
	for i := 0; i < len(runes); {
		if words, n := reading(runes[i:]); n > 0 {
			out, i, run = append(out, words...), i+n, false
			continue
		}
		c := runes[i]
		i++
		if s, ok := known[c]; ok {
			out, run = append(out, s), false
			continue
		}
		if c > unicode.MaxASCII {
			run = false
			continue
		}
		letter := string(unicode.ToLower(c))
		if run {
			out[len(out)-1] += letter
		} else {
			out = append(out, letter)
		}
		run = true
	}
	return out
}

// walking are the characters after which a last 行 is a walk and no shop.
const walking = "旅步通运出同飞骑远自执进品"

func reading(runes []rune) ([]string, int) {
	for n := min(longestReading, len(runes)); n >= 2; n-- {
		if r, ok := readings[string(runes[:n])]; ok {
			return strings.Fields(r), n
		}
	}
	if len(runes) == 2 && runes[1] == '行' && !strings.ContainsRune(walking, runes[0]) && syllables()[runes[0]] != "" { // a name that ends so is a shop's
		return []string{syllables()[runes[0]], "hang"}, 2
	}
	return nil, 0
}

// Initials are the first letters of a name's syllables; letters and digits of
// the name itself stay whole.
func Initials(name string) string {
	known := syllables()
	runes := []rune(Fold(name))
	var b strings.Builder
	for i := 0; i < len(runes); {
		if words, n := reading(runes[i:]); n > 0 {
			for _, w := range words {
				b.WriteByte(w[0])
			}
			i += n
			continue
		}
		if s, ok := known[runes[i]]; ok {
			b.WriteByte(s[0])
		} else if runes[i] <= unicode.MaxASCII {
			b.WriteRune(unicode.ToLower(runes[i]))
		}
		i++
	}
	return b.String()
}

// spelt are all syllables there are, for reading what somebody typed.
var spelt = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, s := range syllables() {
		out[s] = true
	}
	return out
})

// longestSyllable is zhuang's length.
const longestSyllable = 6

// segment cuts typed pinyin into syllables, the longest that lets the rest be cut
// too; nil where it cannot be. A last piece that only begins a syllable is left
// out.
func segment(typed string) []string {
	all := spelt()
	cut := make([]int, len(typed)+1) // length of the syllable that begins here; 0: none that leads to the end
	for at := len(typed) - 1; at >= 0; at-- {
		for n := min(longestSyllable, len(typed)-at); n >= 1 && cut[at] == 0; n-- {
			if all[typed[at:at+n]] && (at+n == len(typed) || cut[at+n] != 0) {
				cut[at] = n
			}
		}
		if cut[at] == 0 && begins(typed[at:]) {
			cut[at] = -1
		}
	}
	var out []string
	for at := 0; at < len(typed); at += cut[at] {
		if cut[at] <= 0 {
			break
		}
		out = append(out, typed[at:at+cut[at]])
	}
	return out
}

// begins reports whether a syllable begins so.
func begins(typed string) bool {
	if len(typed) >= longestSyllable {
		return false
	}
	for s := range spelt() {
		if strings.HasPrefix(s, typed) {
			return true
		}
	}
	return false
}
