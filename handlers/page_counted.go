package handlers

import (
	"context"
	"net/http"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// countedPath is where the holder of a receipt asks whether he is counted.
const countedPath = "/counted"

// countedForm stands where a form's secret stands: whoever holds a receipt may ask.
const countedForm = "counted"

func (s *Server) askCounted(_ context.Context, c *Call) (any, error) {
	return s.countedAsk(c, newUnsent(), ""), nil
}

func (s *Server) countedAsk(c *Call, u *unsent, wrong string) page {
	p := s.base(c, "page.counted.title")
	p.Form = "counted"
	field := u.ask(p, "receipt", "area")
	f := &view.Form{Action: countedPath, Key: formKey(countedForm), Submit: p.T("page.counted.ask"), Back: "/", Lead: []string{p.T("page.counted.lead"), p.T("page.counted.link")}, Note: p.T("page.counted.note")}
	status := http.StatusOK
	if wrong != "" {
		status, field.Error = http.StatusUnprocessableEntity, p.T(wrong)
		f.Faults = []view.Wrong{{Field: "receipt", Text: field.Error}}
	}
	f.Fields = []view.Field{field}
	return page{status: status, body: view.FormPage(p, f)}
}

// takeCounted looks a pasted receipt up and answers in plain words.
func (s *Server) takeCounted(ctx context.Context, c *Call) (any, error) {
	u := &unsent{Form: c.Form}
	if set := s.preferences(c); set != nil {
		out := s.countedAsk(c, u, "")
		out.cookies = set
		return out, nil
	}
	out, err := s.proofOf(ctx, &Call{Body: []byte(strings.TrimSpace(u.get("receipt"))), Language: c.Language})
	if err != nil {
		switch p := problemOf(err); {
		case p.Code == "not_counted":
			return s.notCounted(c), nil
		case p.Status < http.StatusInternalServerError:
			return s.countedAsk(c, u, "page.counted.bad"), nil
		}
		return nil, err
	}
	return s.countedPage(c, out.(rawJSON), "")
}

// showCounted answers the consumer who opened his case by its link.
func (s *Server) showCounted(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	out, err := s.proven(ctx, c.Param("number"), "")
	if err != nil && problemOf(err).Code == "not_counted" {
		return s.notCounted(c), nil
	}
	if err != nil {
		return nil, err
	}
	return s.countedPage(c, out.(rawJSON), "/c/"+c.Param("number")+"/proof")
}

// proofFile hands the proof out as a file.
func (s *Server) proofFile(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	out, err := s.proven(ctx, c.Param("number"), "")
	if err != nil {
		return nil, err
	}
	return download{c.Param("number") + "-proof.json", "application/json; charset=utf-8", out.(rawJSON)}, nil
}

func (s *Server) notCounted(c *Call) page {
	p := s.base(c, "page.counted.title")
	return page{body: view.WordsPage(p, []string{p.T("page.counted.not_yet"), p.T("page.counted.when")})}
}

// countedPage says what the proof shows and what it does not.
func (s *Server) countedPage(c *Call, proof rawJSON, file string) (any, error) {
	x, err := ledger.ParseProof(proof)
	if err != nil {
		return nil, err
	}
	said, err := ledger.ParseStatement(x.Statement)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.counted.title")
	out := &view.Counted{Answer: p.T("page.counted.yes", "Number", x.Case, "Period", periodWords(p, said.Snapshot)), File: file, Proof: string(proof),
		Lines: []string{p.T("page.counted.shows"), p.T("page.counted.not_shown")}}
	closed, received := closedOf(said.Totals)
	out.Rows = []view.Row{{Name: p.T("page.counted.period"), Value: said.From + " – " + said.To}, {Name: p.T("page.counted.parts"), Value: digit(len(x.Parts))},
		{Name: p.T("page.counted.received"), Value: received}, {Name: p.T("page.counted.closed"), Value: closed},
		{Name: p.T("page.counted.signed"), Value: said.Taken.In(china).Format("2006-01-02 15:04")}}
	return page{body: view.CountedPage(p, out)}, nil
}

func periodWords(p *view.Page, id string) string {
	span, ok := indicator.SpanOf(id)
	if !ok {
		return id
	}
	year, month, monthly := strings.Cut(id, "-")
	if !monthly {
		return p.T("page.counted.year", "Year", year)
	}
	return p.T("page.counted.month", "Year", year, "Month", strings.TrimPrefix(month, "0"), "Last", span.To.String())
}

// closedOf finds how many were received and how many of these have ended.
func closedOf(totals []string) (closed, received string) {
	for _, t := range totals {
		if rest, ok := strings.CutPrefix(t, "I-05 closed "); ok {
			closed, received, _ = strings.Cut(rest, " ")
		}
	}
	return closed, received
}
