package policy

import (
	"regexp"
	"slices"

	"fangxin/workflow/calendar"
)

// Reached is a department with where it is told of what it owes; empty: nowhere.
type Reached struct{ Code, Mail, Phone string }

// Reached is the department that does another one's work on a day: itself, or its
// successor since the reform. The zero value for one that the plan does not know,
// and for whoever licenses, who is no office.
func (r *Rules) Reached(code string, day calendar.Date) Reached {
	d := r.office(r.on(code, day))
	if d.Kind == whoever {
		return Reached{}
	}
	return Reached{d.Code, d.Mail, d.Phone}
}

// Court is the code of the court in the plan; empty where it names none.
func (r *Rules) Court() string {
	for _, d := range r.plan.Departments {
		if d.Kind == "court" {
			return d.Code
		}
	}
	return ""
}

// Unreachable lists the departments that a domain's complaints go to on a day, and
// the hub, without a mailbox or a telephone number: what they are to be told goes
// to the hub's, and where that has none, to nobody.
func (r *Rules) Unreachable(day calendar.Date) []string {
	codes := []string{r.plan.County.Hub}
	for _, d := range r.plan.Domains {
		for _, listed := range append([]string{d.Lead}, d.With...) {
			codes = append(codes, r.Reached(listed, day).Code)
		}
	}
	slices.Sort(codes)
	return slices.DeleteFunc(slices.Compact(codes), func(code string) bool {
		o := r.Reached(code, day)
		return code == "" || o.Mail != "" || o.Phone != ""
	})
}

var phoneForm = regexp.MustCompile(`^\+?[0-9][0-9 -]{5,18}[0-9]$`)

// address checks where a department is told.
func (c *checker) address(i int, d department) {
	switch {
	case d.Mail != "" && !PlainMail(d.Mail):
		c.fault(at("departments", i, "mail"), "department %s: mail is an address like jubao@example.cn, not %q", d.Code, d.Mail)
	case d.Phone != "" && !phoneForm.MatchString(d.Phone):
		c.fault(at("departments", i, "phone"), "department %s: phone is a number that takes short messages, not %q", d.Code, d.Phone)
	case d.Kind == whoever && d.Mail+d.Phone != "":
		c.fault(at("departments", i), "department %s: whoever licenses is no office and has no mailbox", d.Code)
	}
}

// mailForm is a mail address without a name and without quotes.
var mailForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$")

// PlainMail reports whether a text is one mail address as an envelope carries it.
func PlainMail(text string) bool { return len(text) <= 254 && mailForm.MatchString(text) }
