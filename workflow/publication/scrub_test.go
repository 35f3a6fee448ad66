package publication

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What gives a person away is found in every spelling that people use.
func TestFoundInEverySpelling(t *testing.T) {
	for _, x := range []struct{ text, gone string }{
		{"电话13812345678。", "13812345678"}, {"电话１３８１２３４５６７８", "１３８１２３４５６７８"}, {"138 1234 5678", "138 1234 5678"}, {"138-1234-5678", "1234"},
		{"一三八一二三四五六七八", "二三四五"}, {"幺三八 幺二三四 五六七八", "三八"}, {"138一二三四5678", "5678"}, {"l38l2345678", "2345678"}, {"①③⑧①②③④⑤⑥⑦⑧", "③④"},
		{"1\u200b3\u200b8\u200b12345678", "12345678"}, {"(0533)7654321", "7654321"}, {"0533—7654321", "7654321"}, {"+86 138.1234.5678", "1234"}, {"13 8 12 34 56 78", "34"},
		{"身份证370321199001011234", "370321199001011234"}, {"11010519491231002x", "002x"}, {"370321 1990 0101 1234", "0101"}, {"卡号6222 0212 3456 7890 123", "7890"},
		{"邮箱 zhang.san@example.com", "zhang.san"}, {"ＺＨ＠Ｅｘａｍｐｌｅ．ｃｎ", "ｍｐｌ"}, {"微信：zhang_san88", "zhang_san88"}, {"加wx abc12345", "abc12345"}, {"QQ号 1234567", "1234567"}, {"qq：12345", "12345"},
		{"车牌鲁C12345", "C12345"}, {"鲁C·A1234学", "A1234"}, {"鲁CD12345", "D12345"}, {"沪A D 1 2 3 4 5", "1 2"},
		{"住建设街12号3号楼2单元501室", "12号"}, {"住建设街 12 号", "12"}, {"在3号楼2单元501", "501"}, {"柳泉路一百二十号", "一百二十号"},
		{"订单2026050612345678", "12345678"}, {"运单号SF1234567890", "1234567890"},
		{"联系人张三", "张三"}, {"店员李小红说没有货", "李小红"}, {"我叫高明", "高明"}, {"欧阳小明让我等", "欧阳小明"}, {"投诉人：王强", "王强"}, {"经理刘江志签字", "刘江志"},
		{"找费刚志退钱", "费刚志"}, {"王强拒绝退款", "王强"},
	} {
		if got := Scrub(x.text); strings.Contains(got, x.gone) {
			t.Errorf("%s: %s", x.text, got)
		}
	}
}

// What gives nobody away stays, or nothing could be found or read any more.
func TestWhatStays(t *testing.T) {
	for _, text := range []string{"2026年5月6日在商场买了手机", "2026-05-06 10:30下单", "20240101-20250101期间", "2026.5.6", "价格1,234,567元", "退款128.50元", "霸王条款", "谢谢", "有关部门", "安全隐患",
		"许可证", "王府井", "黄金", "金额", "方便面", "马坡岭", "唐山镇", "起凤镇", "李书记", "张经理不理人", "王先生", "商家拒绝退款", "健身房关门跑路", "虚假宣传", "快递丢失", "装修质量问题", "车辆维修", "房屋买卖合同"} {
		if got := Scrub(text); got != text {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// What is known to be somebody's goes wherever it stands, also spaced and in
// other widths, and one character never does.
func TestKnownGoes(t *testing.T) {
	for _, x := range []struct{ text, known, want string }{
		{"金丝雀名说", "金丝雀名", Mark + "说"}, {"金 丝 雀 名说", "金丝雀名", Mark + "说"}, {"Ｔｏｍ Ｌｅｅ来了", "tom lee", Mark + "来了"}, {"和平和气", "和", "和平和气"},
		{"金丝雀街一号在那边", "金丝雀街一号", Mark + "在那边"},
	} {
		if got := Scrub(x.text, x.known); got != x.want {
			t.Errorf("%s: %s", x.text, got)
		}
	}
}

// Spans are in order, apart, on the borders of characters, and scrubbing twice is
// scrubbing once.
func TestSpansOfAnyText(t *testing.T) {
	alphabet := []rune("张三丰王小明说退款的 路街号楼0123456789１２一二三xX@a.b微信：鲁C-()\u200b①▢\n")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.SampledFrom(alphabet)).Draw(t, "text"))
		if rapid.IntRange(0, 3).Draw(t, "broken") == 0 {
			text += rapid.String().Draw(t, "any")
		}
		end := 0
		for _, s := range Find(text, "小明") {
			if s.From < end || s.To <= s.From || s.To > len(text) {
				t.Fatalf("%+v in %q", s, text)
			}
			if s.Kind == "" {
				t.Fatalf("%+v is of no kind", s)
			}
			end = s.To
		}
		once := Scrub(text, "小明")
		if strings.Contains(once, "小明") {
			t.Fatalf("%q: %q", text, once)
		}
	})
}

func BenchmarkScrub(b *testing.B) {
	text := strings.Repeat("我在商场买了一台手机，用了三天就坏了，店员李小红说不能退，电话13812345678。", 12)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Scrub(text, "金丝雀")
	}
}
