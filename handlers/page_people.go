package handlers

import (
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
)

// How many of a joint complaint have fields of their own, and how many may
// represent the others (Order 121 Art. 12).
const (
	othersMost          = 3
	representativesMost = 2
)

// askNth asks the same of several people.
func (u *unsent) askNth(p *view.Page, name string, n int, kind string) view.Field {
	field := numbered(name, n)
	return view.Field{Name: field, Kind: kind, Label: p.T("page.ask."+name, "N", digit(n)), Hint: hintOf(p, name), Value: u.Form.Get(field)}
}

// represents reports whether somebody acts for the complainant.
func (u *unsent) represents() bool {
	return slices.Contains([]string{"agent", "guardian"}, u.get("as"))
}

// withOthers reports whether more people than the complainant are to be named.
func (u *unsent) withOthers() bool { return u.represents() || u.get("joint") == "yes" }

func numbered(name string, n int) string { return name + "_" + strconv.Itoa(n) }

func peopleNames() []string {
	out := []string{"agent", "agent_phone", "relation", "authority"}
	for n := 1; n <= othersMost; n++ {
		out = append(out, numbered("other", n), numbered("other_phone", n))
	}
	out = append(out, "others")
	for n := 1; n <= representativesMost; n++ {
		out = append(out, numbered("representative", n))
	}
	return out
}

func fillYou(_ *Server, p *view.Page, u *unsent, f *view.Form) {
	f.Lead = []string{p.T("page.file.you.lead")}
	name, phone, mail, address := u.ask(p, "name", "text"), u.ask(p, "phone", "tel"), u.ask(p, "email", "email"), u.ask(p, "address", "text")
	name.Fill, phone.Fill, mail.Fill, address.Fill = "name", "tel", "email", "street-address"
	as, joint := u.ask(p, "as", "choice"), u.ask(p, "joint", "choice")
	as.Options = u.options(p, "as", "page.as.", "self", "agent", "guardian")
	joint.Options = u.options(p, "joint", "page.joint.", "no", "yes")
	f.Fields = []view.Field{name, phone, optional(mail), optional(address), optional(u.ask(p, "identity", "text")), optional(as), optional(joint)}
}

func checkYou(p *view.Page, u *unsent) []view.Wrong {
	out := needs("name")(p, u)
	phone := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -　－()（）+", r) {
			return -1
		}
		return r
	}, u.get("phone"))
	switch {
	case phone == "" && u.get("email") == "" && len([]rune(u.get("address"))) < 6:
		out = append(out, view.Wrong{Field: "phone", Text: p.T("page.need.reach")})
	case phone != "" && (len(phone) < 7 || strings.ContainsFunc(phone, func(r rune) bool { return r < '0' || r > '9' })):
		out = append(out, view.Wrong{Field: "phone", Text: p.T("page.bad.phone")})
	}
	if mail := u.get("email"); mail != "" && (!strings.Contains(mail, "@") || strings.ContainsAny(mail, " ,;")) {
		out = append(out, view.Wrong{Field: "email", Text: p.T("page.bad.email")})
	}
	return out
}

// fillPeople asks for who acts for the complainant, and for who complains with him.
func fillPeople(_ *Server, p *view.Page, u *unsent, f *view.Form) {
	f.Lead = []string{p.T("page.file.people.lead")}
	if u.represents() {
		f.Lead = append(f.Lead, p.T("page.file.people."+u.get("as"), "Name", u.get("name")))
		f.Fields = append(f.Fields, u.ask(p, "agent", "text"), u.ask(p, "agent_phone", "tel"))
	}
	switch u.get("as") {
	case "agent":
		paper := u.ask(p, "authority", "choice")
		paper.Options = u.options(p, "authority", "page.authority.", "special", "general", "none")
		f.Fields = append(f.Fields, paper)
	case "guardian":
		f.Fields = append(f.Fields, u.ask(p, "relation", "text"))
	}
	if u.get("joint") != "yes" {
		return
	}
	f.Lead = append(f.Lead, p.T("page.file.people.joint"))
	for n := 1; n <= othersMost; n++ {
		name, phone := u.askNth(p, "other", n, "text"), u.askNth(p, "other_phone", n, "tel")
		if n > 1 {
			name, phone = optional(name), optional(phone)
		}
		f.Fields = append(f.Fields, name, phone)
	}
	f.Fields = append(f.Fields, optional(u.ask(p, "others", "area")))
	for n := 1; n <= representativesMost; n++ {
		f.Fields = append(f.Fields, optional(u.askNth(p, "representative", n, "text")))
	}
}

func checkPeople(p *view.Page, u *unsent) []view.Wrong {
	var out []view.Wrong
	if !u.withOthers() {
		return nil
	}
	if u.represents() {
		out = needs("agent", "agent_phone")(p, u)
		out = append(out, needs(map[string]string{"agent": "authority", "guardian": "relation"}[u.get("as")])(p, u)...)
	}
	if u.get("joint") != "yes" {
		return out
	}
	named := []string{u.get("name")}
	for n := 1; n <= othersMost; n++ {
		name, phone := u.get(numbered("other", n)), u.get(numbered("other_phone", n))
		switch {
		case name == "" && (phone != "" || n == 1):
			out = append(out, view.Wrong{Field: numbered("other", n), Text: p.T("page.need.other")})
		case name != "" && phone == "":
			out = append(out, view.Wrong{Field: numbered("other_phone", n), Text: p.T("page.need.other_phone")})
		}
		if name != "" {
			named = append(named, name)
		}
	}
	for n := 1; n <= representativesMost; n++ {
		rep := u.get(numbered("representative", n))
		if rep != "" && !slices.Contains(named, rep) && !strings.Contains(u.get("others"), rep) {
			out = append(out, view.Wrong{Field: numbered("representative", n), Text: p.T("page.bad.representative")})
		}
	}
	return out
}

// peopleWords are what the authority reads of the people beside the complainant.
func peopleWords(u *unsent) []string {
	var out []string
	add := func(label string, parts ...string) {
		if text := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " "); text != "" {
			out = append(out, label+"："+text)
		}
	}
	switch u.get("as") {
	case "agent":
		add("代理人（须提交授权委托书）", u.get("agent"), u.get("agent_phone"))
		add("委托权限", map[string]string{"special": "特别授权（可代为和解、撤回、变更请求）", "general": "一般授权", "none": "授权委托书待补"}[u.get("authority")])
	case "guardian":
		add("监护人", u.get("agent"), u.get("agent_phone"))
		add("与投诉人的关系", u.get("relation"))
	}
	if u.get("joint") != "yes" {
		return out
	}
	for n := 1; n <= othersMost; n++ {
		add("共同投诉人", u.get(numbered("other", n)), u.get(numbered("other_phone", n)))
	}
	add("其他共同投诉人", u.get("others"))
	add("推选的代表", u.get(numbered("representative", 1)), u.get(numbered("representative", 2)))
	return out
}
