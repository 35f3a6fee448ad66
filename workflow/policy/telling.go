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
	Consumer []string `yaml:"consumer"`
	Merchant []string `yaml:"merchant"`
	Office   []string `yaml:"office"`
	Quiet    *quiet   `yaml:"quiet"`
	// Rate is by channel; one that is not named is not bounded.
	Rate   map[string]Rate `yaml:"rate"`
	Digest *digest         `yaml:"digest"`
}

// digest: of more messages than these to one office, within so many minutes, one
// tells of all that wait.
type digest struct {
	MoreThan int `yaml:"more_than"`
	Minutes  int `yaml:"minutes"`
}

// Rate bounds how many messages one address is sent by one channel.
type Rate struct {
	Hour int `yaml:"hour"`
	Day  int `yaml:"day"`
}

type quiet struct {
	From     string   `yaml:"from"`
	To       string   `yaml:"to"`
	Channels []string `yaml:"channels"`
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
	if t.Rate == nil {
		t.Rate = map[string]Rate{"sms": {6, 20}, "mail": {30, 120}}
	}
	if t.Digest == nil {
		t.Digest = &digest{MoreThan: 5, Minutes: 60}
	}
	return Telling{t}
}

// Digest is how many messages about clocks an office is sent one by one within a
// while, at most; of more, one tells of all that wait.
func (t Telling) Digest() (most int, within time.Duration) {
	return t.t.Digest.MoreThan, time.Duration(t.t.Digest.Minutes) * time.Minute
}

// Rate is how many messages an address is sent by a channel within an hour and
// within a day, at most; false where the county bounds nothing.
func (t Telling) Rate(channel string) (Rate, bool) {
	r, ok := t.t.Rate[channel]
	return r, ok
}

// Office reports whether a recipient is one of the authority's own, or another
// authority: it gets no link of its own, and the addresses of its people and
// departments. The others are people outside.
func Office(recipient string) bool {
	role, _, named := strings.Cut(recipient, ":")
	return named || slices.Contains([]string{"authority", "hub", "unit", "town", "officer", "supervisor", "coordinator", "joint_conference", "mediator", "court", "other_authority", "system"}, role)
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
	for name, r := range p.Rate {
		path := at("parameters", "telling", "rate", name)
		switch {
		case !slices.Contains(channelNames, name):
			c.fault(path, "rate: channels are %v, not %q", channelNames, name)
		case r.Hour < 1 || r.Day < r.Hour || r.Day > 10_000:
			c.fault(path, "rate: %s: hour from 1, day no less than hour and no more than 10000, not %d and %d", name, r.Hour, r.Day)
		}
	}
	if d := p.Digest; d != nil && (d.MoreThan < 1 || d.MoreThan > 1000 || d.Minutes < 1 || d.Minutes > 1440) {
		c.fault(at("parameters", "telling", "digest"), "digest: more_than from 1 to 1000, minutes from 1 to 1440, not %d and %d", d.MoreThan, d.Minutes)
	}
	if q := p.Quiet; q != nil {
		c.channels(at("parameters", "telling", "quiet", "channels"), q.Channels)
		if !hourMinute.MatchString(q.From) || !hourMinute.MatchString(q.To) {
			c.fault(at("parameters", "telling", "quiet"), "quiet: from and to are times of day like \"21:00\", not %q and %q", q.From, q.To)
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
