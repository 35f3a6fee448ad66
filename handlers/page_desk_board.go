package handlers

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// boardFilters are the filters that the board asks for, in the order of its form.
var boardFilters = []string{"stage", "state", "unit", "town", "officer", "domain", "category", "clock", "overdue", "acceptance", "outcome", "source", "ticket", "filed_from", "filed_to", "due_before", "kind"}

// exportMost is how many lines one export holds; exportPage how many are read at once.
const (
	exportMost = 5000
	exportPage = pageMost
)

// boardAsk is what the board is asked for: what may stand in an address, and what is
// too private for one.
type boardAsk struct {
	values url.Values // filters, order and place
	words  string     // of the sealed texts
	person string     // telephone or identity number, exactly
	filter store.Filter
	page   store.Page
}

// askedOf reads a question out of an address or a form. What was left empty asks
// nothing.
func askedOf(c *Call, given url.Values) (*boardAsk, error) {
	a := &boardAsk{values: url.Values{}, words: strings.TrimSpace(given.Get("words")), person: strings.TrimSpace(given.Get("person"))}
	for name, list := range given {
		if (filters[name] != nil || pages[name] != nil) && len(list) > 0 && strings.TrimSpace(list[0]) != "" {
			a.values.Set(name, strings.TrimSpace(list[0]))
		}
	}
	var err error
	if a.filter, a.page, err = asked(c, a.values, true, badQuery); err != nil {
		return nil, err
	}
	a.filter.Words = a.words
	if isIdentity := len(a.person) == 18; isIdentity {
		a.filter.Identity = a.person
	} else {
		a.filter.Phone = a.person
	}
	return a, nil
}

// board lists the cases that the reader may see, narrowed by what its address says.
func (s *Server) board(ctx context.Context, c *Call) (any, error) {
	a, err := askedOf(c, c.Params)
	if err != nil {
		return nil, err
	}
	return s.boardPage(ctx, c, a)
}

// searchBoard looks for words and people: what is asked for stands in no address.
// A case's number leads to the case.
func (s *Server) searchBoard(ctx context.Context, c *Call) (any, error) {
	a, err := askedOf(c, c.Form)
	if err != nil {
		return nil, err
	}
	if set := s.preferences(c); set != nil {
		out, err := s.boardPage(ctx, c, a)
		out.cookies = set
		return out, err
	}
	if number := strings.ToUpper(a.words); s.spelled(number) {
		if v, err := s.Store.Case(ctx, number); err == nil && c.User.Scope().Sees(&v.Case) && (v.Kind != workflow.Report || mayReport(c)) {
			return moved{to: deskCasePath(number)}, nil
		}
	}
	if c.Form.Get("go") == "export" {
		return s.exportOf(ctx, c, a)
	}
	return s.boardPage(ctx, c, a)
}

// boardPage is the board with what it was asked for.
func (s *Server) boardPage(ctx context.Context, c *Call, a *boardAsk) (page, error) {
	p := s.base(c, "page.desk.board.title")
	p.Path = "/desk/cases"
	if len(a.values) > 0 {
		p.Path += "?" + a.values.Encode()
	}
	out := &view.Board{Words: a.words, Person: a.person, Key: formKey(c.token), Staff: isOne(c.User, staff)}
	s.boardForm(p, c, a, out)
	lines, next, err := s.Store.List(ctx, c.User, a.filter, a.page)
	switch {
	case errors.Is(err, store.ErrCursor):
		return page{}, badQuery("after", "why.cursor")
	case errors.Is(err, store.ErrNoTerms) || len(a.words) > wordsMost:
		out.Bad = p.T("page.desk.board.no_words")
		return page{status: 422, body: view.BoardPage(p, out)}, nil
	case err != nil:
		return page{}, err
	}
	out.Private = a.words+a.person != ""
	if out.Private { // how many a search finds in all would be more work than finding them
		out.Count = p.T("page.desk.board.page", "N", digit(len(lines)))
	} else if err := s.boardCounts(ctx, p, c, a, out); err != nil {
		return page{}, err
	}
	for i := range lines {
		out.Lines = append(out.Lines, s.boardLine(p, &lines[i]))
	}
	if next != "" {
		out.After = next
		out.More = with("/desk/cases", a.values, "after", next)
	}
	out.Export = with("/desk/cases/export", a.values, "after", "")
	return page{body: view.BoardPage(p, out)}, nil
}

// boardForm are the filters as a form, with what is chosen.
func (s *Server) boardForm(p *view.Page, c *Call, a *boardAsk, out *view.Board) {
	typed := &unsent{Form: a.values}
	for _, name := range boardFilters {
		if name == "kind" && !mayReport(c) {
			continue
		}
		f := view.Field{Name: name, Kind: "select", Label: p.T("page.desk.filter." + name), Value: a.values.Get(name), Optional: false}
		switch name {
		case "stage":
			f.Options = options(p, typed, name, "page.stage.", fiveSteps)
		case "state":
			f.Options = options(p, typed, name, "", nil)
			for _, d := range workflow.States {
				f.Options = append(f.Options, view.Option{Value: string(d.State), Label: capital(stateWords(p.Lang, d.State)), On: f.Value == string(d.State)})
			}
		case "unit", "town", "domain", "category":
			f.Options = s.placesFor(p, nil, nil, typed, name)
		case "clock":
			f.Options = options(p, typed, name, "clock.", clockCodes())
		case "overdue":
			f.Kind, f.Options = "check", nil
			if f.Value == "true" {
				f.Value = "yes"
			}
		case "acceptance":
			f.Options = options(p, typed, name, "page.desk.acceptance.", []string{"none", "pending", "accepted", "refused"})
		case "outcome":
			f.Options = options(p, typed, name, "outcome.", workflow.Outcomes)
		case "source":
			f.Options = options(p, typed, name, "source.", sources)
		case "kind":
			f.Options = options(p, typed, name, "page.desk.kind.", []string{"complaint", "report"})
		case "officer", "ticket":
			f.Kind = "text"
		default:
			f.Kind = "date"
		}
		for i := range f.Options {
			f.Options[i].Label = capital(f.Options[i].Label)
		}
		if len(f.Options) > 0 {
			f.Options[0].Label = p.T("page.desk.any")
		}
		out.Fields = append(out.Fields, f)
	}
	out.Open = len(a.values) > 0
	for _, name := range []string{"due", "filed", "number"} {
		down := a.page.Sort == name && !a.page.Down
		q := maps.Clone(a.values)
		delete(q, "after")
		q.Set("sort", name)
		q.Set("order", map[bool]string{true: "desc", false: "asc"}[down])
		out.Sorts = append(out.Sorts, view.Part{Label: p.T("page.desk.sort." + name), To: "/desk/cases?" + q.Encode(), Now: a.page.Sort == name})
	}
	for name, list := range a.values {
		if name != "after" {
			out.Hidden = append(out.Hidden, view.Row{Name: name, Value: list[0]})
		}
	}
	slices.SortFunc(out.Hidden, func(a, b view.Row) int { return strings.Compare(a.Name, b.Name) })
}

// countMost is up to where the board counts.
const countMost = 1000

// upTo writes a number that was counted up to countMost.
func upTo(n int64) string {
	if n > countMost {
		return digit(countMost) + "+"
	}
	return strconv.FormatInt(n, 10)
}

// boardCounts says how many cases there are, stage by stage.
func (s *Server) boardCounts(ctx context.Context, p *view.Page, c *Call, a *boardAsk, out *view.Board) error {
	n, err := s.Store.Tally(ctx, c.User, a.filter, countMost)
	if err != nil {
		return err
	}
	out.Count = p.T("page.desk.board.count", "N", upTo(n.All), "Late", upTo(n.Overdue))
	for _, name := range fiveSteps {
		out.Stages = append(out.Stages, view.Part{Label: p.T("page.stage." + name), N: upTo(n.Stages[name]), To: with("/desk/cases", a.values, "stage", name), Now: a.values.Get("stage") == name})
	}
	return nil
}

// boardLine is a case of the board.
func (s *Server) boardLine(p *view.Page, l *store.Line) view.BoardLine {
	out := view.BoardLine{Number: l.Number, To: deskCasePath(l.Number), State: capital(stateWords(p.Lang, l.State)), Unit: s.unitName(p, l.Unit), Town: s.townWords(p, l.Town),
		Officer: officerName(p, l.Officer, l.Absent), Filed: p.T("page.case.filed", "Day", dayWords(p, l.Filed)), What: strings.TrimSpace(s.domainName(p, l.Domain) + " " + s.categoryName(p, l.Domain, l.Category))}
	if l.Outcome != "" {
		out.State = p.T("outcome." + l.Outcome)
	}
	if l.Clock != "" {
		out.Clock = capital(p.T("clock." + l.Clock))
		k := workflow.Clock{Due: calendar.On(l.Due).AddDays(-1), LateFrom: l.Due}
		out.Due, out.Late = s.dueWords(p, &k)
		out.Soon = !out.Late && k.Due == calendar.On(s.Now())
	}
	return out
}

// exportBoard hands out what the board's filters show.
func (s *Server) exportBoard(ctx context.Context, c *Call) (any, error) {
	a, err := askedOf(c, c.Params)
	if err != nil {
		return nil, err
	}
	return s.exportOf(ctx, c, a)
}

// exportOf writes a list as CSV that a spreadsheet opens: nothing of people, nothing
// that it would run.
func (s *Server) exportOf(ctx context.Context, c *Call, a *boardAsk) (any, error) {
	p := s.base(c, "page.desk.board.title")
	var rows [][]string
	head := []string{}
	for _, name := range []string{"number", "state", "outcome", "unit", "town", "domain", "category", "officer", "source", "ticket", "filed", "clock", "due", "overdue"} {
		head = append(head, p.T("page.desk.column."+name))
	}
	a.page.After, a.page.Limit = "", exportPage
	for len(rows) < exportMost {
		lines, next, err := s.Store.List(ctx, c.User, a.filter, a.page)
		if errors.Is(err, store.ErrNoTerms) {
			return nil, badField("words", "why.no_words")
		}
		if err != nil {
			return nil, err
		}
		for i := range lines {
			rows = append(rows, s.exportLine(p, &lines[i]))
		}
		if a.page.After = next; next == "" {
			break
		}
	}
	return s.sheetOf("cases", head, rows)
}

func (s *Server) exportLine(p *view.Page, l *store.Line) []string {
	due, late, clock, outcome := "", "", "", ""
	if l.Clock != "" {
		clock, due = p.T("clock."+l.Clock), calendar.On(l.Due).AddDays(-1).String()
		if !s.Now().Before(l.Due) {
			late = p.T("page.desk.yes")
		}
	}
	if l.Outcome != "" {
		outcome = p.T("outcome." + l.Outcome)
	}
	source := ""
	if l.Source != "" {
		source = p.T("source." + l.Source)
	}
	return []string{l.Number, stateWords(p.Lang, l.State), outcome, s.unitName(p, l.Unit), s.townWords(p, l.Town), s.domainName(p, l.Domain), s.categoryName(p, l.Domain, l.Category),
		l.Officer, source, l.Ticket, stamp(l.Filed), clock, due, late}
}

// sheetOf is a table as CSV with a mark that tells spreadsheets that it is UTF-8.
func (s *Server) sheetOf(name string, head []string, rows [][]string) (any, error) {
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range append([][]string{head}, rows...) {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = Harmless(cell)
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return download{name: name + "-" + calendar.On(s.Now()).String() + ".csv", kind: "text/csv; charset=utf-8", body: b.Bytes()}, w.Error()
}

// Harmless keeps a spreadsheet from taking a cell for a formula: what begins like
// one is marked as text.
func Harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
