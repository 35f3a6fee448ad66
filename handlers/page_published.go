package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/publication"
)

const complaintsPath = "/complaints"

// publishedList is the search of published complaints as a page. Forms send every
// field, also those left empty, so an empty one asks nothing here.
func (s *Server) publishedList(ctx context.Context, c *Call) (any, error) {
	c.dropEmpty()
	f, err := s.publicFilter(c)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.SearchPublished(ctx, f)
	p := s.base(c, "page.published.title")
	p.Path = complaintsPath + "?" + c.Params.Encode()
	out := &view.Published{Query: f.Words, Merchant: f.Merchant}
	s.publishedChoices(p, f, out)
	switch {
	case errors.Is(err, store.ErrNotPublished) || errors.Is(err, store.ErrNoTerms): // nothing is found
	case errors.Is(err, store.ErrCursor):
		return nil, badQuery("after", "why.cursor")
	case err != nil:
		return nil, err
	}
	for _, e := range list {
		form, err := publication.ParseForm(e.Form)
		if err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, s.publishedEntry(p, &form))
	}
	if f.After != "" {
		out.First = with(complaintsPath, c.Params, "after", "")
	}
	if next != "" {
		out.Next = with(complaintsPath, c.Params, "after", next)
	}
	return page{body: view.PublishedPage(p, out), public: f.After == "" && f.Words == "", kept: true}, nil
}

// dropEmpty forgets the parameters that a form sends though nobody filled them in.
func (c *Call) dropEmpty() {
	for name, values := range c.Params {
		if len(values) == 1 && values[0] == "" {
			delete(c.Params, name)
		}
	}
}

// publishedChoices are what the search can be narrowed to. A kind of problem can
// be chosen within its domain.
func (s *Server) publishedChoices(p *view.Page, f store.PublicFilter, out *view.Published) {
	county := s.Rules().County()
	out.Town = choicesOf(p, "page.published.all_towns", county.Towns, f.Town)
	out.Domain = s.domainChoices(p, digit(f.Domain))
	for _, d := range county.Domains {
		if d.Number == f.Domain || f.Category != "" && slices.ContainsFunc(d.Categories, func(c policy.Place) bool { return c.Code == f.Category }) {
			out.Category = choicesOf(p, "page.published.all_categories", d.Categories, f.Category)
		}
	}
	out.Month = []view.Option{{Label: p.T("page.published.all_months")}}
	today := calendar.On(s.Now())
	for m := s.Now().In(china); ; m = time.Date(m.Year(), m.Month(), 1, 0, 0, 0, 0, china).AddDate(0, -1, 0) {
		code := m.Format("2006-01")
		out.Month = append(out.Month, view.Option{Value: code, Label: monthWords(p, code), On: code == f.Month})
		if int(today-calendar.On(m)) > s.Rules().Publication().EntryDays+60 { // closed so long ago that its entry is over
			return
		}
	}
}

func choicesOf(p *view.Page, all string, places []policy.Place, chosen string) []view.Option {
	out := []view.Option{{Label: p.T(all)}}
	for _, x := range places {
		out = append(out, view.Option{Value: x.Code, Label: placeName(p, x), On: x.Code == chosen})
	}
	return out
}

// monthWords are a month as people write it.
func monthWords(p *view.Page, code string) string {
	t, err := time.Parse("2006-01", code)
	if err != nil {
		return code
	}
	month := t.Format("1")
	if p.Lang == "en" {
		month = t.Format("January")
	}
	return p.T("page.published.month", "Year", t.Format("2006"), "Month", month)
}

// publishedEntry puts a public form into words, and reads nothing else.
func (s *Server) publishedEntry(p *view.Page, f *publication.Form) view.PublicLine {
	e := view.PublicLine{To: complaintsPath + "/" + f.ID, Merchant: f.Merchant.Name, MerchantID: f.Merchant.ID, Code: f.Merchant.Code, Town: s.townName(p, f.Town),
		Domain: s.domainName(p, f.Domain), Category: s.categoryName(p, f.Domain, f.Category), Received: monthWords(p, f.Received), Closed: monthWords(p, f.Closed),
		Days: p.T("page.published.days", "N", digit(f.Days)), Outcome: p.T("outcome." + f.Outcome), Narrative: f.Narrative, Corrected: f.Corrected,
		Published: p.T("page.published.since", "Day", publicDay(p, f.Published), "Until", publicDay(p, f.Until))}
	for _, r := range f.Requests {
		e.Requests = append(e.Requests, p.T("request."+r))
	}
	if slices.Contains(workflow.PublicAnswers, f.Answer) {
		e.Answer = p.T("reason." + f.Answer)
	}
	return e
}

func publicDay(p *view.Page, text string) string {
	d, err := calendar.ParseDate(text)
	if err != nil {
		return text
	}
	return dateWords(p, d)
}

// publishedComplaint is one entry's page, or the tombstone of one that is over.
func (s *Server) publishedComplaint(ctx context.Context, c *Call) (any, error) {
	e, err := s.Store.Published(ctx, c.Param("complaint"))
	switch {
	case errors.Is(err, store.ErrTombstone):
		p := s.base(c, "page.published.gone")
		return page{status: http.StatusGone, body: view.TombstonePage(p, c.Param("complaint"), complaintsPath, "page.published"), kept: true}, nil
	case errors.Is(err, store.ErrNotPublished):
		return nil, notFound()
	case err != nil:
		return nil, err
	}
	form, err := publication.ParseForm(e.Form)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.published.of", "Merchant", form.Merchant.Name)
	entry := s.publishedEntry(p, &form)
	return page{body: view.PublishedEntryPage(p, &entry), public: true, kept: true}, nil
}
