package handlers

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/register"
)

// filingStep is one page of writing a complaint: its questions, and what is
// wrong with the answers.
type filingStep struct {
	name  string
	names []string // of its fields
	fill  func(s *Server, p *view.Page, u *unsent, f *view.Form)
	check func(p *view.Page, u *unsent) []view.Wrong
	when  func(u *unsent) bool // whether this complaint takes it; nil: every one does
}

var filingSteps []*filingStep

func init() { // the review names the others
	filingSteps = []*filingStep{
		{"what", []string{"story"}, fillWhat, needs("story"), nil},
		{"merchant", []string{"merchant", "where", "platform", "listing", "shop_address", "town", "shop_phone", "code"}, fillMerchant, checkMerchant, nil},
		{"deal", []string{"bought", "amount", "bought_on", "knew_on", "requests", "kind", "kind_other"}, fillDeal, checkDeal, nil},
		{"evidence", nil, fillEvidence, needs(), nil},
		{"you", []string{"name", "phone", "email", "address", "identity", "as", "joint"}, fillYou, checkYou, nil},
		{"people", peopleNames(), fillPeople, checkPeople, (*unsent).withOthers},
		{"check", nil, fillCheck, needs(), (*unsent).reached},
		{"consent", []string{"publish_consent", "entrust_consent"}, fillConsent, needs("publish_consent", "entrust_consent"), nil},
		{"review", nil, fillReview, needs(), nil},
	}
}

// way are the steps that this complaint takes, in order.
func (u *unsent) way() []*filingStep {
	return slices.DeleteFunc(slices.Clone(filingSteps), func(st *filingStep) bool { return st.when != nil && !st.when(u) })
}

// after is the step that follows st on the complaint's way; the last has none.
func (u *unsent) after(st *filingStep) *filingStep {
	way := u.way()
	for _, next := range filingSteps[slices.Index(filingSteps, st)+1:] {
		if slices.Contains(way, next) {
			return next
		}
	}
	return nil
}

func stepNamed(name string) *filingStep {
	i := slices.IndexFunc(filingSteps, func(x *filingStep) bool { return x.name == name })
	if i < 0 {
		return nil
	}
	return filingSteps[i]
}

// take keeps the step's own answers: a field that is not on the page changes nothing.
func (st *filingStep) take(u *unsent, form url.Values) {
	for _, name := range st.names {
		u.Form[name] = form[name]
	}
}

// wrong is what keeps the step from being done: what its own check finds, and texts
// that nobody can take.
func (st *filingStep) wrong(p *view.Page, u *unsent) []view.Wrong {
	out := st.check(p, u)
	for _, name := range st.names {
		for _, text := range u.Form[name] {
			if _, why := tidyText(text, name != "story" && name != "others"); why != "" {
				out = append(out, view.Wrong{Field: name, Text: p.T("page.bad.text", "Name", u.nameOf(p, name), "Why", p.T(why))})
			}
		}
	}
	if _, why := tidyText(wordsOf(u), false); st.name == "what" && len(out) == 0 && why != "" {
		out = append(out, view.Wrong{Field: "story", Text: p.T("page.bad.all_text")})
	}
	return out
}

// nameOf is what a question of a step is called.
func (u *unsent) nameOf(p *view.Page, name string) string {
	if base := strings.TrimRight(name, "_0123456789"); base != name {
		return p.T("page.ask."+base, "N", name[len(base)+1:])
	}
	return p.T("page.ask." + name)
}

func needs(names ...string) func(*view.Page, *unsent) []view.Wrong {
	return func(p *view.Page, u *unsent) []view.Wrong {
		var out []view.Wrong
		for _, name := range names {
			if u.get(name) == "" {
				out = append(out, view.Wrong{Field: name, Text: p.T("page.need." + name)})
			}
		}
		return out
	}
}

// ask makes a field with its words and what was typed.
func (u *unsent) ask(p *view.Page, name, kind string) view.Field {
	return view.Field{Name: name, Kind: kind, Label: p.T("page.ask." + name), Hint: hintOf(p, name), Value: u.Form.Get(name)}
}

func hintOf(p *view.Page, name string) string {
	key := "page.hint." + name
	if !has(p.Lang, key) {
		return ""
	}
	return p.T(key)
}

func optional(f view.Field) view.Field { f.Optional = true; return f }

// options are the answers to a question; prefix.code is the words of each.
func (u *unsent) options(p *view.Page, name, prefix string, codes ...string) []view.Option {
	var out []view.Option
	for _, code := range codes {
		out = append(out, view.Option{Value: code, Label: p.T(prefix + code), On: slices.Contains(u.Form[name], code)})
	}
	return out
}

func fillWhat(_ *Server, p *view.Page, u *unsent, f *view.Form) {
	story := u.ask(p, "story", "area")
	story.Big = true
	f.Lead = []string{p.T("page.file.what.lead")}
	f.Fields = []view.Field{story}
	if u.Form.Get("track") == "green_channel" {
		f.Warning = p.T("page.file.green_note")
	}
}

func fillMerchant(s *Server, p *view.Page, u *unsent, f *view.Form) {
	p.Search = true
	name := u.ask(p, "merchant", "text")
	name.Finds = "/file/merchants"
	where := u.ask(p, "where", "choice")
	where.Options = u.options(p, "where", "page.where.", "shop", "online")
	town := u.ask(p, "town", "select")
	town.Options = []view.Option{{Label: p.T("page.town.unknown")}}
	for _, t := range s.Rules().County().Towns {
		town.Options = append(town.Options, view.Option{Value: t.Code, Label: placeName(p, t), On: t.Code == u.Form.Get("town")})
	}
	f.Lead = []string{p.T("page.file.merchant.lead")}
	f.Fields = []view.Field{name, optional(where), optional(u.ask(p, "platform", "text")), optional(u.ask(p, "listing", "text")), u.ask(p, "shop_address", "text"), optional(town),
		optional(u.ask(p, "shop_phone", "tel")), optional(u.ask(p, "code", "text"))}
}

func placeName(p *view.Page, x policy.Place) string {
	if p.Lang == "en" {
		return x.En
	}
	return x.Zh
}

func checkMerchant(p *view.Page, u *unsent) []view.Wrong {
	out := needs("merchant", "shop_address")(p, u)
	if u.get("where") == "online" && u.get("platform") == "" {
		out = append(out, view.Wrong{Field: "platform", Text: p.T("page.need.platform")})
	}
	if code := u.get("code"); code != "" && len([]rune(code)) != 18 {
		out = append(out, view.Wrong{Field: "code", Text: p.T("why.credit_code")})
	}
	return out
}

func fillDeal(s *Server, p *view.Page, u *unsent, f *view.Form) {
	f.Lead = []string{p.T("page.file.deal.lead")}
	requests := u.ask(p, "requests", "checks")
	requests.Options = u.options(p, "requests", "request.", requestCodes...)
	other := u.ask(p, "kind_other", "select")
	other.Options = s.kinds(p, u)
	f.Fields = []view.Field{requests, optional(u.ask(p, "bought", "text")), optional(u.ask(p, "amount", "money")), optional(u.ask(p, "bought_on", "date")), optional(u.ask(p, "knew_on", "date"))}
	if list := s.proposed(p, u); len(list) > 0 {
		kind := u.ask(p, "kind", "choice")
		kind.Options = append(list, view.Option{Value: "none", Label: p.T("page.kind.none"), On: u.Form.Get("kind") == "none"})
		f.Fields = append(f.Fields, optional(kind))
	}
	f.Fields = append(f.Fields, optional(other))
}

// kinds are every domain with its categories; nothing chosen is an answer too.
func (s *Server) kinds(p *view.Page, u *unsent) []view.Option {
	out := []view.Option{{Label: p.T("page.kind.unknown")}}
	for _, d := range s.Rules().County().Domains {
		name := d.Zh
		if p.Lang == "en" {
			name = d.En
		}
		out = append(out, view.Option{Value: strconv.Itoa(d.Number) + "/", Label: name, On: u.Form.Get("kind_other") == strconv.Itoa(d.Number)+"/"})
		for _, c := range d.Categories {
			value := strconv.Itoa(d.Number) + "/" + c.Code
			out = append(out, view.Option{Value: value, Label: p.T("page.kind.of", "Domain", name, "Category", placeName(p, c)), On: u.Form.Get("kind_other") == value})
		}
	}
	return out
}

func checkDeal(p *view.Page, u *unsent) []view.Wrong {
	var out []view.Wrong
	if len(u.Form["requests"]) == 0 {
		out = append(out, view.Wrong{Field: "requests", Text: p.T("page.need.requests")})
	}
	if text := u.get("amount"); text != "" {
		if _, ok := fen(text); !ok {
			out = append(out, view.Wrong{Field: "amount", Text: p.T("page.bad.amount")})
		}
	}
	for _, name := range []string{"bought_on", "knew_on"} {
		if text := u.get(name); text != "" {
			if _, err := calendar.ParseDate(text); err != nil {
				out = append(out, view.Wrong{Field: name, Text: p.T("page.bad.date")})
			}
		}
	}
	return out
}

func fillConsent(_ *Server, p *view.Page, u *unsent, f *view.Form) {
	f.Lead = []string{p.T("page.file.consent.lead"), p.T("page.file.consent.kept")}
	for _, name := range []string{"publish_consent", "entrust_consent"} {
		q := u.ask(p, name, "choice")
		q.Options = u.options(p, name, "page.consent."+name+".", "yes", "no")
		f.Fields = append(f.Fields, q)
	}
}

// fillReview shows every answer with the way back to it.
func fillReview(s *Server, p *view.Page, u *unsent, f *view.Form) {
	f.Lead = []string{p.T("page.file.review.lead." + u.Form.Get("track"))}
	f.Submit = p.T("page.file.send." + u.Form.Get("track"))
	f.Note = p.T("page.file.truth")
	for _, st := range u.way() {
		var asked view.Form
		switch st.name {
		case "check":
			f.Aside = append(f.Aside, view.Row{Name: p.T("page.file.check"), Value: p.T("page.check." + u.checkState(s.Now(), s.Rules().ContactCheck())), To: "/file/check"})
			continue
		case "evidence":
			f.Aside = append(f.Aside, u.evidenceRow(p))
			continue
		case "review":
			continue
		}
		st.fill(s, p, u, &asked)
		for i := range asked.Fields {
			if value := answered(p, &asked.Fields[i]); value != "" {
				f.Aside = append(f.Aside, view.Row{Name: asked.Fields[i].Label, Value: value, To: "/file/" + st.name})
			}
		}
	}
	for _, a := range u.alike {
		f.Alike = append(f.Alike, view.Row{Name: p.T("page.case.number", "Number", a.Number), Value: p.T("page.alike.line", "Day", dayWords(p, a.Filed), "State", stateWords(p.Lang, a.State)), To: "/c/" + a.Number})
	}
}

// answered is what was answered to a question, as it was shown.
func answered(p *view.Page, q *view.Field) string {
	if len(q.Options) == 0 {
		return strings.TrimSpace(q.Value)
	}
	var out []string
	for _, o := range q.Options {
		if o.On && o.Value != "" {
			out = append(out, o.Label)
		}
	}
	return strings.Join(out, p.T("page.and"))
}

// findMerchants completes a shop's name as it is typed: the API's own search,
// as a visitor sees it. Without scripts nobody asks it.
func (s *Server) findMerchants(ctx context.Context, c *Call) (any, error) {
	return s.foundShops(ctx, s.base(c, "page.file.merchant"), c.Query("merchant"))
}

// foundShops is the list alone, for the script.
func (s *Server) foundShops(ctx context.Context, p *view.Page, words string) (any, error) {
	found, err := s.foundFor(ctx, p, words)
	if err != nil {
		return nil, err
	}
	return page{body: view.FoundShops(p, found)}, nil
}

// foundFor looks for merchants by the beginning of what is typed, as a visitor may.
func (s *Server) foundFor(ctx context.Context, p *view.Page, words string) (*view.Found, error) {
	found := &view.Found{}
	if len([]rune(words)) > 100 || len([]rune(register.Fold(words))) < visitorLeast {
		return found, nil
	}
	found.Asked = true
	list, err := s.visited(ctx, &Call{Query: func(string) string { return "" }}, words)
	if err != nil {
		return nil, err
	}
	for _, m := range list.(merchantPage).Merchants {
		found.Shops = append(found.Shops, view.Shop{ID: m.ID, Name: m.Name, Town: s.townName(p, m.Town)})
	}
	return found, nil
}

func (s *Server) townName(p *view.Page, code string) string {
	for _, t := range s.Rules().County().Towns {
		if t.Code == code {
			return placeName(p, t)
		}
	}
	return ""
}

// pickMerchant takes name, place and code of an entry of the register over.
func (s *Server) pickMerchant(ctx context.Context, c *Call, u *unsent, token, id string) (any, error) {
	m, err := s.Store.Merchant(ctx, id)
	if err != nil || m.Status != register.Active {
		return moved{to: c.path}, nil //nolint:nilerr // an entry that is not there fills in nothing
	}
	u.Form.Set("merchant", m.Name)
	u.Form.Set("town", m.Town)
	if m.CodeValid {
		u.Form.Set("code", m.Code)
	}
	if m.ShopAddress != "" {
		u.Form.Set("shop_address", m.ShopAddress)
	}
	return moved{to: c.path + "#f-shop_address"}, s.keep(ctx, token, u)
}
