package intake

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// ExportOptions say what is handed over: complaints filed at From or later and
// before To. People: with what was sealed, people and words; without, coded fields
// only. Only: those that came from the platform.
type ExportOptions struct {
	From, To     time.Time
	People, Only bool
}

// Export writes complaints as the file of the 12315 platform, one at a time, and says
// how many. What an erasure destroyed stays empty.
func Export(ctx context.Context, s *store.Store, w io.Writer, opt ExportOptions) (n int, err error) {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return 0, err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := make([]string, len(PlatformColumns))
	for i, c := range PlatformColumns {
		head[i] = c.Header
	}
	if err := out.Write(head); err != nil {
		return 0, err
	}
	f := store.Filter{FiledFrom: opt.From, FiledTo: opt.To}
	if opt.Only {
		f.Source = "12315"
	}
	everything := &store.User{Name: "export", Roles: []string{"coordinator"}}
	page := store.Page{Sort: "number", Limit: 200}
	for {
		lines, next, err := s.List(ctx, everything, f, page)
		if err != nil {
			return n, err
		}
		for i := range lines {
			row, err := exported(ctx, s, lines[i].Number, opt.People)
			if err != nil {
				return n, err
			}
			if err := out.Write(row); err != nil {
				return n, err
			}
			n++
		}
		if page.After = next; next == "" {
			out.Flush()
			return n, out.Error()
		}
	}
}

// exported is the row of a case.
func exported(ctx context.Context, s *store.Store, number string, people bool) ([]string, error) {
	v, err := s.Case(ctx, number)
	if err != nil {
		return nil, err
	}
	events, err := s.Events(ctx, number)
	if err != nil {
		return nil, err
	}
	c := &v.Case
	publish, known := c.Consents()
	amount, _ := strconv.ParseInt(c.Facts["amount_fen"], 10, 64)
	performed, _ := c.PerformedFen()
	cells := map[string]string{"number": number, "received_on": dayText(firstDay(c, v.Filed)), "source": c.Channel(), "requests": strings.Join(c.Requests(), " "), "amount": yuan(amount),
		"category_code": c.Category(), "town": c.Town(), "publish_consent": yesNo(publish, known), "entrust_consent": "", "state": string(c.State), "acceptance": c.Acceptance, "decided_on": dayText(decidedOn(events)),
		"ground": c.Ground, "outcome": c.Outcome, "closed_on": dayText(c.ClosedOn()), "unit": c.Unit(), "due_on": dayText(c.DueOn()), "performance": c.Performance, "performed": yuan(performed)}
	if consent, asked := c.Facts["entrust_consent"]; asked {
		cells["entrust_consent"] = yesNo(consent == "yes", true)
	}
	if c.Channel() == "12315" {
		cells["number_12315"] = c.Facts["ticket"]
	}
	if d := c.Domain(); d != 0 {
		cells["domain"] = strconv.Itoa(d)
	}
	if people {
		if err := sealedCells(ctx, s, c.ID, events, cells); err != nil {
			return nil, err
		}
	}
	row := make([]string, len(PlatformColumns))
	for i, col := range PlatformColumns {
		row[i] = guarded(cells[col.Name])
	}
	return row, nil
}

// firstDay is when another authority received the complaint first, else the day of
// filing.
func firstDay(c *workflow.Case, filed time.Time) calendar.Date {
	if d := c.FirstReceived(); d != 0 {
		return d
	}
	return calendar.On(filed)
}

// decidedOn is the day on which it was decided last whether the complaint is accepted.
func decidedOn(events []workflow.Event) (day calendar.Date) {
	for i := range events {
		if a := events[i].Data.Set["acceptance"]; a == "accepted" || a == "refused" {
			day = calendar.On(events[i].Effective())
		}
	}
	return day
}

// sealedCells reads the person and the words of the filing, and the merchant as it was
// named last.
func sealedCells(ctx context.Context, s *store.Store, id int64, events []workflow.Event, cells map[string]string) error {
	for i := range events {
		e := &events[i]
		if e.Data.Sealed == "" {
			continue
		}
		u, err := s.Unseal(ctx, id, e.Seq)
		if errors.Is(err, store.ErrErased) {
			return nil
		}
		if err != nil {
			return err
		}
		if p := u.Person; p != nil && cells["name"] == "" {
			cells["name"], cells["phone"], cells["email"], cells["address"], cells["identity"] = p.Name, p.Phone, p.Email, p.Address, p.Identity
		}
		if r := u.Respondent; r != nil {
			cells["merchant"], cells["merchant_code"], cells["merchant_address"], cells["merchant_phone"] = r.Name, r.Code, r.Address, r.Phone
		}
		if e.Seq == 1 {
			cells["text"] = u.Words
		}
	}
	return nil
}
