package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"fangxin/store"
	"fangxin/workflow/publication"
)

// complaintColumns are the fields of published complaints: the public form, each
// code with its Chinese name, and in the whole file the ids of what is not
// published any more.
var complaintColumns = []openColumn{{"status", "string"}, {"id", "string"}, {"merchant_id", "string"}, {"merchant", "string"}, {"credit_code", "string"}, {"domain", "integer"}, {"domain_name", "string"},
	{"category", "string"}, {"category_name", "string"}, {"town", "string"}, {"town_name", "string"}, {"received", "yearmonth"}, {"closed", "yearmonth"}, {"days", "integer"}, {"outcome", "string"}, {"outcome_name", "string"},
	{"requests", "string"}, {"answer", "string"}, {"narrative", "string"}, {"published", "date"}, {"until", "date"}}

// eachComplaintRow hands over what is published, the newest first, then in the
// whole file the tombstones: of them nothing is known but their ids, so that no
// month has any.
func (s *Server) eachComplaintRow(ctx context.Context, month string, row func(openRow) error) error {
	names := s.openNames()
	err := s.Store.EachPublished(ctx, store.PublicFilter{Month: month}, func(e store.PublicEntry) error {
		f, err := publication.ParseForm(e.Form)
		if err != nil {
			return err
		}
		status := "published"
		if f.Corrected {
			status = "corrected"
		}
		return row(openRow{status, f.ID, f.Merchant.ID, f.Merchant.Name, f.Merchant.Code, strconv.Itoa(f.Domain), names.domains[f.Domain], f.Category, names.categories[strconv.Itoa(f.Domain)+f.Category], f.Town, names.towns[f.Town],
			f.Received, f.Closed, strconv.Itoa(f.Days), f.Outcome, names.outcome(f.Outcome), strings.Join(f.Requests, ";"), f.Answer, f.Narrative, f.Published, f.Until})
	})
	for after := ""; err == nil && month == ""; {
		var gone []string
		if gone, err = s.Store.Tombstones(ctx, after, 1000); err != nil || len(gone) == 0 {
			break
		}
		for _, ref := range gone {
			r := make(openRow, len(complaintColumns))
			r[0], r[1] = "gone", ref
			if err = row(r); err != nil {
				return err
			}
		}
		after = gone[len(gone)-1]
	}
	return err
}

// openNames are the Chinese names of codes.
type openNames struct {
	domains           map[int]string
	categories, towns map[string]string
	outcomes          map[string]string
}

func (s *Server) openNames() openNames {
	county := s.Rules().County()
	n := openNames{map[int]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	for _, d := range county.Domains {
		n.domains[d.Number] = d.Zh
		for _, c := range d.Categories {
			n.categories[strconv.Itoa(d.Number)+c.Code] = c.Zh
		}
	}
	for _, t := range county.Towns {
		n.towns[t.Code] = t.Zh
	}
	return n
}

func (n openNames) outcome(code string) string {
	if n.outcomes[code] == "" {
		n.outcomes[code] = say("zh", "outcome."+code, nil)
	}
	return n.outcomes[code]
}

// infringementColumns are the fields of penalty decisions.
var infringementColumns = []openColumn{{"id", "string"}, {"merchant_id", "string"}, {"merchant", "string"}, {"credit_code", "string"}, {"domain", "integer"}, {"domain_name", "string"}, {"town", "string"}, {"town_name", "string"},
	{"docket", "string"}, {"docketed_on", "date"}, {"decision", "string"}, {"decided_on", "date"}, {"basis", "string"}, {"penalties", "string"}, {"fine_fen", "integer"}, {"until", "date"}}

// eachInfringementRow hands over the decisions that are public, the latest first;
// month is that of the decision.
func (s *Server) eachInfringementRow(ctx context.Context, month string, row func(openRow) error) error {
	names := s.openNames()
	return s.eachDecision(ctx, month, func(i *publication.PublicInfringement) error {
		return row(openRow{i.ID, i.Merchant.ID, i.Merchant.Name, i.Merchant.Code, strconv.Itoa(i.Domain), names.domains[i.Domain], i.Town, names.towns[i.Town],
			i.Docket, i.DocketedOn, i.Decision, i.DecidedOn, i.Basis, strings.Join(i.Penalties, ";"), strconv.FormatInt(i.FineFen, 10), i.Until})
	})
}

func (s *Server) eachDecision(ctx context.Context, month string, each func(*publication.PublicInfringement) error) error {
	for f := (store.InfringementFilter{Limit: 200}); ; {
		list, next, err := s.Store.PublicInfringements(ctx, f)
		if err != nil {
			return err
		}
		for i := range list {
			if !strings.HasPrefix(list[i].DecidedOn, month) {
				continue
			}
			if err := each(&list[i]); err != nil {
				return err
			}
		}
		if f.After = next; next == "" {
			return nil
		}
	}
}

// infringementStamp reads them all: there are as many as decisions in some years.
func (s *Server) infringementStamp(ctx context.Context, month string) (string, error) {
	sum := sha256.New()
	err := s.eachDecision(ctx, month, func(i *publication.PublicInfringement) error { return json.NewEncoder(sum).Encode(i) })
	return hex.EncodeToString(sum.Sum(nil)), err
}
