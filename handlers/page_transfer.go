package handlers

import (
	"context"
	"slices"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

// transfer is the consumer's consent to hand the case to the court.
const transfer = "consent_transfer"

// handedAs is where the file for the court holds what it must hold. Undisputed facts
// are a paper that both have signed: the consumer names it, or says that there is none.
var handedAs = map[string]string{"parties": "case.pdf", "complaint": "filing.json", "evidence": "evidence", "decisions": "case.pdf", "mediation_dates": "case.pdf", "consent": "case.pdf", "time_sheet": "case.pdf"}

// noFacts says that nothing stands undisputed in writing.
const noFacts = "none"

// bothSee reads the files that both sides may see, for an act that names one.
func (s *Server) bothSee(ctx context.Context, c *Call, x *shown) error {
	if c.Param("event") != transfer {
		return nil
	}
	all, err := s.filesOf(ctx, c, x.v)
	for _, f := range all.Files {
		if f.Seen == store.SeenByBoth && f.State == store.FileKept {
			x.signed = append(x.signed, f)
		}
	}
	return err
}

// undisputed asks which paper states what nobody disputes.
func (x *shown) undisputed(p *view.Page, typed *unsent) view.Field {
	q := typed.ask(p, "undisputed_facts", "select")
	q.Options = []view.Option{{Value: noFacts, Label: p.T("page.transfer.none")}}
	for _, f := range x.signed {
		q.Options = append(q.Options, view.Option{Value: f.ID, Label: f.Name, On: typed.get("undisputed_facts") == f.ID})
	}
	return q
}

// handed says what the court is given, and what not.
func handedRows(p *view.Page) []view.Row {
	var out []view.Row
	for _, kind := range workflow.TransferItems {
		if handedAs[kind] != "" {
			out = append(out, view.Row{Name: capital(p.T("item." + kind)), Value: p.T("page.transfer.item." + kind)})
		}
	}
	return append(out, view.Row{Name: p.T("page.transfer.never"), Value: p.T("page.transfer.offers")})
}

// itemsTyped are the parts of the file for the court.
func (x *shown) itemsTyped(typed *unsent) []map[string]any {
	var out []map[string]any
	for _, kind := range workflow.TransferItems {
		ref := handedAs[kind]
		if ref == "" {
			ref = noFacts
			if id := typed.get(kind); slices.ContainsFunc(x.signed, func(f fileView) bool { return f.ID == id }) {
				ref = id
			}
		}
		out = append(out, map[string]any{"kind": kind, "ref": ref})
	}
	return out
}
