package intake

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"

	"golang.org/x/text/width"
)

// Fields are what a column may mean, with the names it goes by in files.
var Fields = map[string][]string{
	"id":               {"id", "编号", "工单号", "投诉编号", "complaint_id"},
	"date":             {"date", "日期", "投诉时间", "登记时间", "date_received"},
	"title":            {"title", "标题", "主题", "product"},
	"text":             {"text", "内容", "投诉内容", "诉求内容", "narrative"},
	"merchant":         {"merchant", "商家", "被投诉单位", "经营者", "company"},
	"merchant_code":    {"merchant_code", "统一社会信用代码"},
	"merchant_address": {"merchant_address", "商家地址", "经营地址"},
	"merchant_phone":   {"merchant_phone", "商家电话"},
	"name":             {"name", "姓名", "投诉人"},
	"phone":            {"phone", "电话", "联系电话", "手机"},
	"email":            {"email", "邮箱"},
	"address":          {"address", "地址", "联系地址"},
	"identity":         {"identity", "身份证号"},
	"amount":           {"amount", "金额", "涉及金额"},
	"domain":           {"domain", "领域"},
	"category_code":    {"category_code", "类别代码"},
	"town":             {"town", "镇", "区划代码"},
	"publish_consent":  {"publish_consent", "同意公示"},
	"entrust_consent":  {"entrust_consent", "同意委托调解"},
}

// value reads a field: the mapped column, or one of the names it goes by.
func value(row Row, field string, mapped map[string]string) string {
	return valueOf(Fields, row, field, mapped)
}

func valueOf(fields map[string][]string, row Row, field string, mapped map[string]string) string {
	if column, ok := mapped[field]; ok {
		return strings.TrimSpace(row.Values[column])
	}
	for _, name := range fields[field] {
		if v, ok := row.Values[name]; ok && v != "" {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// command makes the filing of a row; reason says why it cannot.
func command(row Row, opt Options) (cmd workflow.Command, reason string) {
	if row.Err != nil {
		return cmd, row.Err.Error()
	}
	get := func(field string) string { return value(row, field, opt.Map) }
	for name, v := range row.Values {
		if !ledger.Clean(v) || strings.ContainsRune(v, '\uFFFD') && !opt.Archive {
			return cmd, fmt.Sprintf("%s: broken characters: save the file as UTF-8 or GB18030", name)
		}
	}
	day, err := Date(get("date"))
	if err != nil {
		return cmd, "date: " + err.Error()
	}
	amount, err := Fen(get("amount"))
	if err != nil {
		return cmd, "amount: " + err.Error()
	}
	words := strings.TrimSpace(get("title") + "\n" + get("text"))
	if words == "" {
		return cmd, "text: the row says nothing: what happened?"
	}
	domain, _ := strconv.Atoi(get("domain"))
	cmd = workflow.Command{Event: "file_with_authority", Actor: workflow.Actor{Role: "hub", ID: "import"}, Private: &workflow.Private{Words: words}}
	cmd.Input = workflow.Input{Source: "import", Ticket: codeOf(get("id")), ReceivedOn: day, AmountFen: amount, Domain: domain, Category: codeOf(get("category_code")), Town: codeOf(get("town"))}
	if m := get("merchant"); m != "" {
		cmd.Private.Respondent = &workflow.Respondent{Name: m, Code: get("merchant_code"), Address: get("merchant_address"), Phone: get("merchant_phone")}
	}
	person := workflow.Person{Name: get("name"), Phone: get("phone"), Email: get("email"), Address: get("address"), Identity: get("identity")}
	if person != (workflow.Person{}) {
		cmd.Private.Person = &person
	}
	if opt.Archive {
		cmd.Event, cmd.Actor, cmd.Input.EndedElsewhere = "archive", workflow.Actor{Role: "import", ID: "import"}, true
		return cmd, ""
	}
	publish, entrust := agreed(get("publish_consent")), agreed(get("entrust_consent"))
	cmd.Input.PublishConsent, cmd.Input.EntrustConsent = &publish, &entrust
	return cmd, ""
}

// agreed reads a consent; whatever is not a plain yes is a no.
func agreed(s string) bool {
	switch strings.ToLower(s) {
	case "是", "同意", "yes", "true", "1", "y":
		return true
	}
	return false
}

// codeOf keeps a reference that may stand in the log, and nothing else.
func codeOf(s string) string {
	if workflow.IsCode(s) {
		return s
	}
	return ""
}

var dateForm = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[T\s].*)?$`)
var plainDate = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)

// Date reads a day as files write it: 2018-03-05, 2018/3/5, 2018年3月5日,
// 20180305, with or without a time, full-width too. No text is no date.
func Date(s string) (calendar.Date, error) {
	s = strings.TrimSpace(width.Fold.String(s))
	if s == "" || s == "null" {
		return 0, nil
	}
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		m = plainDate.FindStringSubmatch(s)
	}
	if m == nil {
		return 0, fmt.Errorf("%q is not a date: write it as 2018-03-05", s)
	}
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[2])
	day, _ := strconv.Atoi(m[3])
	d := calendar.NewDate(year, time.Month(month), day)
	if want := fmt.Sprintf("%04d-%02d-%02d", year, month, day); d.String() != want {
		return 0, fmt.Errorf("%q: there is no such day", s)
	}
	return d, nil
}

var amountForm = regexp.MustCompile(`^[¥￥]?\s*(\d{1,12})(?:\.(\d{1,2}))?\s*(元|万元)?$`)

// Fen reads an amount in yuan as whole fen: 128.5, ¥128, 1,280元, 3万元.
func Fen(s string) (int64, error) {
	s = strings.ReplaceAll(strings.TrimSpace(width.Fold.String(s)), ",", "")
	if s == "" || s == "null" {
		return 0, nil
	}
	m := amountForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not an amount: write 128.50", s)
	}
	yuan, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, err
	}
	fen, _ := strconv.ParseInt((m[2] + "00")[:2], 10, 64)
	total := yuan*100 + fen
	if m[3] == "万元" {
		total *= 10000
	}
	return total, nil
}
