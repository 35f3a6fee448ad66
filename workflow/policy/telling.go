package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/calendar"
)

// Channels that a county may name.
var channelNames = []string{"sms", "mail", "console"}

// telling is how the county tells people things; what is not said gets the value
// of the county in the binary.
type telling struct {
	Consumer []string          `yaml:"consumer"`
	Merchant []string          `yaml:"merchant"`
	Office   []string          `yaml:"office"`
	Quiet    *quiet            `yaml:"quiet"`
	Most     *most             `yaml:"most"`
	Digest   string            `yaml:"digest"`
	Segments int               `yaml:"sms_segments"`
	Offices  map[string]string `yaml:"offices"`
}

type quiet struct {
	From     string   `yaml:"from"`
	To       string   `yaml:"to"`
	Channels []string `yaml:"channels"`
}

type most struct {
	N     int `yaml:"n"`
	Hours int `yaml:"hours"`
}

// Telling is how the county tells people things: parameters.telling of its file.
type Telling struct{ t telling }

// Telling are the county's parameters of messages.
func (r *Rules) Telling() Telling {
	t := r.plan.Parameters.Telling
	list := func(l *[]string, v ...string) {
		if len(*l) == 0 {
			*l = v
		}
	}
	list(&t.Consumer, "sms", "mail", "console")
	list(&t.Merchant, "sms", "mail", "console")
	list(&t.Office, "mail", "console")
	if t.Quiet == nil {
		t.Quiet = &quiet{From: "21:00", To: "08:00", Channels: []string{"sms"}}
	}
	if t.Most == nil {
		t.Most = &most{N: 10, Hours: 24}
	}
	if t.Digest == "" {
		t.Digest = "08:30"
	}
	if t.Segments == 0 {
		t.Segments = 3
	}
	return Telling{t}
}

// Office reports whether a recipient is one of the authority's own, or another
// authority: it gets a digest and no link. The others are people outside.
func Office(recipient string) bool {
	role, _, named := strings.Cut(recipient, ":")
	return named || slices.Contains([]string{"authority", "hub", "unit", "town", "officer", "supervisor", "coordinator", "mediator", "court", "other_authority", "system"}, role)
}

// Channels are the names of the channels by which a recipient is told, in the
// order in which they are tried.
func (t Telling) Channels(recipient string) []string {
	switch {
	case Office(recipient):
		return t.t.Office
	case recipient == "consumer":
		return t.t.Consumer
	}
	return t.t.Merchant
}

// QuietUntil is the end of the hours in which a channel leaves people in peace,
// if an instant lies in them: on the clocks of China.
func (t Telling) QuietUntil(channel string, now time.Time) (time.Time, bool) {
	if !slices.Contains(t.t.Quiet.Channels, channel) {
		return time.Time{}, false
	}
	day := calendar.On(now)
	since := now.Sub(day.Start())
	from, to := clockTime(t.t.Quiet.From), clockTime(t.t.Quiet.To)
	switch {
	case from == to:
	case from < to && since >= from && since < to, from > to && since < to:
		return day.Start().Add(to), true
	case from > to && since >= from:
		return day.AddDays(1).Start().Add(to), true
	}
	return time.Time{}, false
}

// Most is how many messages one address gets within a time; 0 bounds nothing.
func (t Telling) Most() (n int, within time.Duration) {
	return t.t.Most.N, time.Duration(t.t.Most.Hours) * time.Hour
}

// DigestAt is when, since the beginning of a working day in China, offices get
// their digest.
func (t Telling) DigestAt() time.Duration { return clockTime(t.t.Digest) }

// Segments is how many parts of 70 characters a short message may have at most.
func (t Telling) Segments() int { return t.t.Segments }

// OfficeMail is the mailbox of an office, "" when it has none: then the one of
// the hub.
func (t Telling) OfficeMail(recipient, hub string) string {
	_, code, _ := strings.Cut(recipient, ":")
	if box := t.t.Offices[code]; box != "" {
		return box
	}
	return t.t.Offices[hub]
}

var hourMinute = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// clockTime reads hh:mm, which was checked.
func clockTime(s string) time.Duration {
	at, _ := time.Parse("15:04", s)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// telling checks parameters.telling.
func (c *checker) telling() {
	p := &c.plan.Parameters.Telling
	for name, list := range map[string][]string{"consumer": p.Consumer, "merchant": p.Merchant, "office": p.Office} {
		c.channels(at("parameters", "telling", name), list)
	}
	if q := p.Quiet; q != nil {
		c.channels(at("parameters", "telling", "quiet", "channels"), q.Channels)
		if !hourMinute.MatchString(q.From) || !hourMinute.MatchString(q.To) {
			c.fault(at("parameters", "telling", "quiet"), "quiet: from and to are times of day like \"21:00\", not %q and %q", q.From, q.To)
		}
	}
	if m := p.Most; m != nil && (m.N < 0 || m.N > 1000 || m.Hours < 1 || m.Hours > 24) {
		c.fault(at("parameters", "telling", "most"), "most: n from 0 (no bound) to 1000 within hours from 1 to 24")
	}
	if p.Digest != "" && !hourMinute.MatchString(p.Digest) {
		c.fault(at("parameters", "telling", "digest"), "digest is a time of day like \"08:30\", not %q", p.Digest)
	}
	if p.Segments < 0 || p.Segments > 10 {
		c.fault(at("parameters", "telling", "sms_segments"), "sms_segments from 1 to 10, not %d", p.Segments)
	}
	for code, box := range p.Offices {
		if !c.department(code) || !strings.Contains(box, "@") || strings.ContainsAny(box, " \r\n") {
			c.fault(at("parameters", "telling", "offices", code), "offices: a mailbox for a code from the departments, not %s: %q", code, box)
		}
	}
}

func (c *checker) channels(path []any, list []string) {
	for i, name := range list {
		if !slices.Contains(channelNames, name) || slices.Index(list, name) != i {
			c.fault(append(path, i), "channels are %v, each once, not %q", channelNames, name)
		}
	}
}
