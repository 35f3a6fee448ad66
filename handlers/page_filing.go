package handlers

import (
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// fen reads an amount of yuan as people write it, exactly.
func fen(text string) (int64, bool) {
	text = width.Fold.String(strings.TrimSpace(text))
	text = strings.NewReplacer(",", "", "，", "", "¥", "", "￥", "", "元", "", " ", "", "。", ".").Replace(text)
	whole, part, dotted := strings.Cut(text, ".")
	if len(part) > 2 || dotted && part == "" || whole == "" || len(whole) > 12 {
		return 0, false
	}
	for _, r := range whole + part {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	return n, err == nil && n <= mostFen
}

// yuan writes an amount as people read it: 1,280.00.
func yuan(fen int64) string {
	whole := strconv.FormatInt(fen/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + "." + strconv.FormatInt(100+fen%100, 10)[1:]
}

// peopleMark begins the part of a filing's words that is about people: the
// merchant is not shown what stands behind it.
const peopleMark = "\n\n【投诉人补充】"

// wordsOf joins what was told into the one text that the authority reads.
func wordsOf(u *unsent) string {
	text := u.get("story")
	var facts []string
	add := func(list *[]string, label, name string) {
		if v := u.get(name); v != "" {
			*list = append(*list, label+"："+v)
		}
	}
	add(&facts, "商品或服务", "bought")
	add(&facts, "购买日期", "bought_on")
	add(&facts, "网络平台", "platform")
	add(&facts, "店铺网址或订单号", "listing")
	if len(facts) > 0 {
		text += "\n\n【消费情况】\n" + strings.Join(facts, "\n")
	}
	if people := peopleWords(u); len(people) > 0 {
		text += peopleMark + "\n" + strings.Join(people, "\n")
	}
	return text
}

// filingOf is the body that a program would send for this draft.
func filingOf(u *unsent, lang string) map[string]any {
	body := map[string]any{"track": u.Form.Get("track"), "words": wordsOf(u), "language": lang,
		"publish_consent": u.get("publish_consent") == "yes", "entrust_consent": u.get("entrust_consent") == "yes",
		"person":     filled(map[string]string{"name": u.get("name"), "phone": u.get("phone"), "email": u.get("email"), "address": u.get("address"), "identity": u.get("identity")}),
		"respondent": filled(map[string]string{"name": u.get("merchant"), "code": strings.ToUpper(u.get("code")), "address": u.get("shop_address"), "phone": u.get("shop_phone")})}
	if body["track"] == "green_channel" {
		body["elected"] = true
	}
	if n, ok := fen(u.get("amount")); ok {
		body["amount_fen"] = n
	}
	if list := u.Form["requests"]; len(list) > 0 {
		body["requests"] = list
	}
	for _, name := range []string{"kind", "kind_other"} { // what was picked from the whole list counts
		domain, category, ok := strings.Cut(u.get(name), "/")
		if n, err := strconv.Atoi(domain); ok && err == nil {
			body["domain"], body["category"] = n, category
		}
	}
	for _, name := range []string{"town", "knew_on"} {
		if v := u.get(name); v != "" {
			body[name] = v
		}
	}
	return body
}

func filled(m map[string]string) map[string]string {
	for name, v := range m {
		if v == "" {
			delete(m, name)
		}
	}
	return m
}
