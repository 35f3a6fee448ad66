package jobs

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"fangxin/store"
	"fangxin/workflow"
)

// How long a template may be. A short message goes in parts that gateways bill
// one by one; a subject is a line of a mail's head. In characters, with the
// fields filled in.
const (
	mostParts   = 3
	mostSubject = 200
	mostMore    = 4000
)

// placeholder is a place that is filled in.
var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// Texts are the texts in the binary, by name and language.
func Texts() []store.Template {
	var out []store.Template
	for name, languages := range texts {
		for language, t := range languages {
			out = append(out, store.Template{Name: name, Language: language, Subject: t.Subject, Text: t.Text, More: t.More})
		}
	}
	slices.SortFunc(out, func(a, b store.Template) int {
		return strings.Compare(a.Name+"\x00"+a.Language, b.Name+"\x00"+b.Language)
	})
	return out
}

// newest is what a message says now: in the bureau's words where it wrote some,
// else in the binary's.
func (p *Post) newest(ctx context.Context, template, recipient, language string) (store.Template, bool, error) {
	name, t, ok := textOf(template, recipient, language)
	if !ok {
		return store.Template{}, false, nil
	}
	own, written, err := p.Store.Template(ctx, name, language)
	if written || err != nil {
		return own, written, err
	}
	return store.Template{Name: name, Language: language, Subject: t.Subject, Text: t.Text, More: t.More}, true, nil
}

// Places says which fields each part of a template may name: bureau always, any
// other only where the binary's text has it, because nothing fills it in elsewhere.
// The decision's reason is read for mails alone and only of notices that tell a
// decision, and only a mail has room for where to join and for a list; a subject
// holds no link. Nil when there is no such template.
func Places(name, language string) map[string][]string {
	built, ok := texts[name][language]
	if !ok {
		return nil
	}
	known := []string{"bureau"}
	for _, m := range placeholder.FindAllStringSubmatch(built.Subject+built.Text+built.More, -1) {
		known = append(known, m[1])
	}
	slices.Sort(known)
	known = slices.Compact(known)
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(known), func(n string) bool { return slices.Contains(names, n) })
	}
	return map[string][]string{"subject": without("link", "reason", "join", "list"), "text": without("reason", "join", "list"), "more": known}
}

// Check says which part of a template cannot be saved, and why as a key of the
// catalogue ("why.template.…"); both empty when it can. What the binary's text
// tells of link, term and reason must be told still.
func (p *Post) Check(t store.Template) (field, why string) {
	built := texts[t.Name][t.Language]
	places := Places(t.Name, t.Language)
	for _, part := range []struct{ field, text, built string }{{"subject", t.Subject, built.Subject}, {"text", t.Text, built.Text}, {"more", t.More, built.More}} {
		if why := checkPart(part.field, part.text, part.built, places[part.field]); why != "" {
			return part.field, why
		}
	}
	fields := p.longest(t.Language)
	switch {
	case utf8.RuneCountInString(fill(t.Subject, fields)) > mostSubject:
		return "subject", "why.template.long_subject"
	case Parts(fill(t.Text, fields)) > mostParts:
		return "text", "why.template.long_text"
	case utf8.RuneCountInString(t.More) > mostMore:
		return "more", "why.template.long_more"
	}
	return "", ""
}

// checkPart looks at one part alone.
func checkPart(field, text, built string, places []string) string {
	if field != "more" && strings.TrimSpace(text) == "" {
		return "why.template.empty"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && (field != "more" || r != '\n') }) {
		return "why.template.control"
	}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(places, m[1]) {
			return "why.template.unknown_field"
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		return bracesOrName(text)
	}
	if field == "subject" {
		return ""
	}
	for _, need := range []struct{ name, why string }{{"link", "why.template.link"}, {"days", "why.template.due"}, {"due", "why.template.due"}, {"reason", "why.template.reason"}, {"list", "why.template.list"}} {
		if place := "{" + need.name + "}"; strings.Contains(built, place) && !strings.Contains(text, place) {
			return need.why
		}
	}
	return ""
}

// bracesOrName tells braces that do not pair from a name between a pair that no
// field can have.
func bracesOrName(text string) string {
	open := false
	for _, r := range text {
		if r == '{' && open || r == '}' && !open {
			return "why.template.braces"
		}
		open = r == '{' || open && r != '}'
	}
	if open {
		return "why.template.braces"
	}
	return "why.template.unknown_field"
}

// longest fills places with what takes most room of what they usually hold.
func (p *Post) longest(language string) map[string]string {
	const number = "HT-2026-000123-8"
	f := map[string]string{"number": number, "link": p.noLink(number), "bureau": "", "days": "10个工作日", "due": "2026-05-14", "reason": "", "join": p.Site + "/join", "count": "200", "list": ""}
	if language == "en" {
		f["days"] = "10 working days"
	}
	if p.Rules != nil {
		f["bureau"] = p.bureau(language)
	}
	return f
}

// noLink is as long as a link and opens nothing.
func (p *Post) noLink(number string) string {
	return p.Site + "/c/" + number + "#" + strings.Repeat("x", 43)
}

// gsm are the characters of the GSM 7-bit alphabet (3GPP TS 23.038) without the
// Greek ones; those of gsmTwice take two places.
const (
	gsm      = "@£$¥èéùìòÇ\nØø\rÅåÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà_"
	gsmTwice = "^{}\\[~]|€"
)

// Parts is in how many parts a short message goes: of 70 characters, or of 67
// each when there are several; of 160 and 153 when all of them are in the GSM
// alphabet. A gateway's own signature is not counted.
func Parts(text string) int {
	n, one, each := 0, 160, 153
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm, r):
			n++
		case strings.ContainsRune(gsmTwice, r):
			n += 2
		default:
			one, each = 70, 67
		}
	}
	if one == 70 {
		n = len(utf16.Encode([]rune(text)))
	}
	if n <= one {
		return 1
	}
	return (n + each - 1) / each
}

// Preview puts a draft into words for a real case: what a short message says, and
// a mail's subject and text. The link opens nothing and what is sealed is not
// read; where the case has nothing that a place tells of, it says so in brackets.
func (p *Post) Preview(c *workflow.Case, number string, t store.Template) (subject, short, mail string) {
	named := map[string]map[string]string{
		"zh": {"days": "［期限］", "due": "［最后一日］", "reason": "［理由］", "list": "［清单］"},
		"en": {"days": "[the term]", "due": "[the last day]", "reason": "[the reason]", "list": "[the list]"},
	}[t.Language]
	fields := p.longest(t.Language)
	fields["number"], fields["link"] = number, p.noLink(number)
	for name, words := range named {
		fields[name] = words
	}
	if days := p.daysOf(c, t); days != "" {
		fields["days"] = days
	}
	if due := dueOf(c, t.Name); due != "" {
		fields["due"] = due
	}
	words := text{Subject: t.Subject, Text: t.Text, More: t.More}
	return fill(t.Subject, fields), fill(t.Text, fields), fill(frame(words, fields, t.Language), fields)
}

// daysOf is the term of the case's last notice of this kind that still waits.
func (p *Post) daysOf(c *workflow.Case, t store.Template) string {
	if p.Rules == nil {
		return ""
	}
	name, to, _ := strings.Cut(t.Name, "@")
	for _, n := range slices.Backward(c.Notices) {
		if n.Kind != name || to != "" && n.To != to {
			continue
		}
		if days := c.TimeToAnswer(n.No, t.Language, p.Rules(), p.Now()); days != "" {
			return days
		}
	}
	return ""
}

// dueOf is the last day of the case's last clock that a reminder of this name, or
// an escalation, tells of.
func dueOf(c *workflow.Case, name string) string {
	topic, code, _ := strings.Cut(name, ".")
	state := map[string]workflow.ClockState{"reminder": workflow.Running, "escalation": workflow.Owed}[topic]
	for _, k := range slices.Backward(c.Clocks) {
		if k.State == state && (code == "" || k.Code == code) {
			return k.Due.String()
		}
	}
	return ""
}
