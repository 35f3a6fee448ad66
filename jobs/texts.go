package jobs

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"maps"
	"slices"
	"strings"

	"fangxin/jobs/channel"
	"fangxin/store"

	"gopkg.in/yaml.v3"
)

//go:embed texts.yaml
var textsFile []byte

// text is what a kind of message says in one language.
type text struct {
	Subject string `yaml:"subject"`
	Text    string `yaml:"text"`
	More    string `yaml:"more"` // in a mail, below
}

// texts are the messages by kind and language.
var texts = func() map[string]map[string]text {
	var all map[string]map[string]text
	dec := yaml.NewDecoder(strings.NewReader(string(textsFile)))
	dec.KnownFields(true)
	if err := dec.Decode(&all); err != nil {
		panic(err)
	}
	return all
}()

// textOf finds what a message says in the binary's words, and under which name: to
// a merchant its own text where there is one; to offices one for every reminder
// and one for every overdue duty.
func textOf(template, recipient, language string) (string, text, bool) {
	names := []string{template + "@" + recipient, template}
	if !slices.Contains(parties, recipient) {
		names = []string{kind(template)}
	}
	for _, name := range names {
		if t, ok := texts[name][language]; ok {
			return name, t, true
		}
	}
	return "", text{}, false
}

// word puts a message into words, for the way that it takes: a short message has
// the text alone, any other a subject and what is below it. Where the fields
// come from stands in texts.yaml. What the case holds sealed is read when it is
// sent and kept nowhere. It answers with the template, which the attempt cites.
func (p *Post) word(ctx context.Context, o *store.Owed, c *store.View, w way, m *channel.Message) (store.Template, error) {
	m.Language = languageOf(o, c, w)
	t, err := p.said(ctx, o.Template, o.Recipient, m.Language)
	if err != nil {
		return t, err
	}
	fields := map[string]string{"number": o.Number, "link": p.Site + m.Link, "bureau": "", "days": "", "due": "", "reason": "", "join": ""}
	if p.Rules != nil {
		fields["bureau"] = p.bureau(m.Language)
		fields["days"] = c.TimeToAnswer(o.No, m.Language, p.Rules(), p.Now())
	}
	if k := c.ClockNo(o.No); k != nil && o.Topic != "notice" {
		fields["due"] = k.Due.String()
	}
	if w.Name != "sms" {
		if err := p.below(ctx, o, t.More, fields); err != nil {
			return t, err
		}
	}
	fillIn(m, t, w, fields)
	return t, nil
}

// languageOf is what a message is written in: what the consumer asked for, what the
// register says the merchant reads, else Chinese.
func languageOf(o *store.Owed, c *store.View, w way) string {
	if o.Recipient == "consumer" && c.Facts["language"] == "en" || w.Language == "en" {
		return "en"
	}
	return "zh"
}

// said is what a message says, or that it has no words.
func (p *Post) said(ctx context.Context, template, recipient, language string) (store.Template, error) {
	t, ok, err := p.newest(ctx, template, recipient, language)
	if err == nil && !ok {
		err = &channel.Fault{Code: "unknown_template", Lasting: true}
	}
	return t, err
}

// fillIn writes the words into a message, as its way takes them.
func fillIn(m *channel.Message, t store.Template, w way, fields map[string]string) {
	body := t.Text
	if w.Name != "sms" {
		body = frame(text{Text: t.Text, More: t.More}, fields, m.Language)
	}
	m.Subject, m.Text = fill(t.Subject, fields), fill(body, fields)
}

// below fills the fields that only what is below the text has, and only where it
// names them: they cost a read.
func (p *Post) below(ctx context.Context, o *store.Owed, more string, fields map[string]string) (err error) {
	if strings.Contains(more, "{reason}") {
		if fields["reason"], err = p.reason(ctx, o); err != nil {
			return err
		}
	}
	if !strings.Contains(more, "{join}") {
		return nil
	}
	member, err := p.Store.RespondentIsMember(ctx, o.CaseID)
	if err == nil && !member {
		fields["join"] = p.Site + "/join"
	}
	return err
}

// optional are the fields whose whole line is left out where they are empty.
var optional = []string{"reason", "join"}

// frame is a mail around a text.
func frame(t text, fields map[string]string, language string) string {
	hello := "您好："
	if language == "en" {
		hello = "Dear Sir or Madam,"
	}
	parts := []string{hello, t.Text}
	for _, line := range strings.Split(t.More, "\n\n") { // a line for the reason only where one was given
		empty := slices.ContainsFunc(optional, func(f string) bool { return fields[f] == "" && strings.Contains(line, "{"+f+"}") })
		if line != "" && !empty {
			parts = append(parts, line)
		}
	}
	return strings.Join(append(parts, "{bureau}"), "\n\n")
}

// fill puts the fields into their places in one pass: what a field holds is
// never looked at again.
func fill(t string, fields map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		pairs = append(pairs, "{"+name+"}", fields[name])
	}
	return strings.NewReplacer(pairs...).Replace(t)
}

// bureau is the authority's name.
func (p *Post) bureau(language string) string {
	county := p.Rules().County()
	for _, d := range county.Departments {
		switch {
		case d.Code != county.Hub:
		case language == "en":
			return d.En
		default:
			return d.Zh
		}
	}
	return county.Zh
}

// reason is the words of the decision that a notice tells; none when the person
// was erased, or nothing was written.
func (p *Post) reason(ctx context.Context, o *store.Owed) (string, error) {
	u, err := p.Store.Unseal(ctx, o.CaseID, o.Seq)
	if errors.Is(err, store.ErrErased) || errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return u.Words, err
}
