package intake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// PlatformColumn is a column of the file that is exchanged with the national 12315
// platform: its header, its name for programs, and whether an import reads it.
type PlatformColumn struct {
	Header, Name string
	Reads        bool
}

// PlatformColumns are those of the hand-over, in their order; docs/12315.md says what
// each means.
var PlatformColumns = []PlatformColumn{
	{"12315编号", "number_12315", true}, {"本地编号", "number", false}, {"登记日期", "received_on", true}, {"来源", "source", false},
	{"投诉人姓名", "name", true}, {"投诉人电话", "phone", true}, {"投诉人邮箱", "email", true}, {"投诉人地址", "address", true}, {"投诉人证件号码", "identity", true},
	{"被投诉单位", "merchant", true}, {"统一社会信用代码", "merchant_code", true}, {"经营地址", "merchant_address", true}, {"商家电话", "merchant_phone", true},
	{"投诉内容", "text", true}, {"诉求", "requests", true}, {"涉及金额", "amount", true}, {"领域", "domain", true}, {"类别代码", "category_code", true}, {"区划代码", "town", true},
	{"同意公示", "publish_consent", true}, {"同意委托调解", "entrust_consent", true},
	{"状态", "state", false}, {"受理情况", "acceptance", false}, {"受理决定日", "decided_on", false}, {"依据代码", "ground", false}, {"结果", "outcome", false}, {"办结日", "closed_on", false},
	{"责任单位", "unit", false}, {"约定履行日", "due_on", false}, {"履行情况", "performance", false}, {"履行金额", "performed", false},
}

// formulas are the characters with which a spreadsheet begins a formula.
const formulas = "=+-@\t\r\n＝＋－＠"

// guarded marks as text what a spreadsheet would run, and what looks as if it were
// marked, so that unguarded gives back exactly what was there.
func guarded(cell string) string {
	if cell != "" && strings.ContainsRune(formulas+"'", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}

func unguarded(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && rest != "" && strings.ContainsRune(formulas+"'", []rune(rest)[0]) {
		return rest
	}
	return cell
}

// platformRow reads the cells of a row by the names of their columns: a header, a
// name, or what --map says.
type platformRow struct {
	row    Row
	mapped map[string]string
}

// column is the column of this file that holds a field: its header where it has
// none.
func (r *platformRow) column(field string) string {
	if c, ok := r.mapped[field]; ok {
		return c
	}
	i := slices.IndexFunc(PlatformColumns, func(c PlatformColumn) bool { return c.Name == field })
	for _, name := range []string{PlatformColumns[i].Header, field} {
		if _, ok := r.row.Values[name]; ok {
			return name
		}
	}
	return PlatformColumns[i].Header
}

func (r *platformRow) get(field string) string {
	return strings.TrimSpace(unguarded(r.row.Values[r.column(field)]))
}

// bad is why a row cannot be taken, and in which column.
type bad struct{ column, reason string }

// platformCommand makes the filing of a row of the national platform.
func platformCommand(row Row, opt Options) (cmd workflow.Command, unique string, b *bad) {
	r := &platformRow{row, opt.Map}
	if row.Err != nil {
		return cmd, "", &bad{"", row.Err.Error()}
	}
	for name, v := range row.Values {
		if !ledger.Clean(v) || strings.ContainsRune(v, '\uFFFD') {
			return cmd, "", &bad{name, "broken characters: save the file as UTF-8 or GB18030"}
		}
	}
	wrong := func(field, reason string) (workflow.Command, string, *bad) {
		return workflow.Command{}, "", &bad{r.column(field), reason}
	}
	number := r.get("number_12315")
	if !workflow.IsCode(number) {
		return wrong("number_12315", fmt.Sprintf("%q is no number of the platform: letters, digits and _.:/#- only", number))
	}
	in := workflow.Input{Source: "12315", Ticket: number, Requests: strings.FieldsFunc(r.get("requests"), func(c rune) bool { return strings.ContainsRune(" ;；、,，", c) })}
	var err error
	if in.ReceivedOn, err = Date(r.get("received_on")); err != nil {
		return wrong("received_on", err.Error())
	}
	if in.AmountFen, err = Fen(r.get("amount")); err != nil {
		return wrong("amount", err.Error())
	}
	if d := r.get("domain"); d != "" {
		if in.Domain, err = strconv.Atoi(d); err != nil || in.Domain < 1 || in.Domain > 12 {
			return wrong("domain", fmt.Sprintf("%q: a number from 1 to 12", d))
		}
	}
	for field, into := range map[string]*string{"category_code": &in.Category, "town": &in.Town} {
		if *into = r.get(field); *into != "" && !workflow.IsCode(*into) {
			return wrong(field, fmt.Sprintf("%q is no code", *into))
		}
	}
	words := r.get("text")
	if words == "" {
		return wrong("text", "the row says nothing: what happened?")
	}
	publish, entrust := agreed(r.get("publish_consent")), agreed(r.get("entrust_consent"))
	in.PublishConsent, in.EntrustConsent = &publish, &entrust
	cmd = workflow.Command{Event: "file_with_authority", Actor: workflow.Actor{Role: "hub", ID: "import"}, Input: in, Private: &workflow.Private{Words: words}}
	if m := r.get("merchant"); m != "" {
		cmd.Private.Respondent = &workflow.Respondent{Name: m, Code: r.get("merchant_code"), Address: r.get("merchant_address"), Phone: r.get("merchant_phone")}
	}
	if p := (workflow.Person{Name: r.get("name"), Phone: r.get("phone"), Email: r.get("email"), Address: r.get("address"), Identity: r.get("identity")}); p != (workflow.Person{}) {
		cmd.Private.Person = &p
	}
	return cmd, "ticket/12315/" + number, nil
}

// columnOf is the column that a missing field of a refusal stands in.
func (r *platformRow) columnOf(missing string) string {
	missing = strings.TrimPrefix(missing, "person.")
	field := map[string]string{"respondent": "merchant", "respondent.name": "merchant", "words": "text"}[missing]
	for _, c := range PlatformColumns {
		if c.Name == missing && c.Reads {
			field = missing
		}
	}
	if field == "" {
		return ""
	}
	return r.column(field)
}

// yesNo writes a consent as agreed reads it; nothing where nobody was asked.
func yesNo(agreed, known bool) string {
	switch {
	case !known:
		return ""
	case agreed:
		return "是"
	}
	return "否"
}

// yuan writes whole fen as Fen reads it; nothing for none.
func yuan(fen int64) string {
	if fen == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%02d", fen/100, fen%100)
}

func dayText(d calendar.Date) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
