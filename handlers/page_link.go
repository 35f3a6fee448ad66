package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
)

// openCase takes the secret of a link, from the script that found it behind # or
// from a person who pasted it, and keeps it in a cookie for this case's pages.
func (s *Server) openCase(ctx context.Context, c *Call) (any, error) {
	number, token := c.Param("number"), codeIn(c.Form.Get("code"))
	if err := s.Limits.guess(c.from, number); err != nil {
		return nil, err
	}
	who, err := s.Store.Admit(ctx, token, number)
	if err != nil && !errors.Is(err, store.ErrNoLink) {
		return nil, err
	}
	if err != nil || who.Link == nil || !who.Link.Ended.IsZero() {
		s.Limits.wrong(ctx, c.from, number)
		var typed []view.Row
		if c.Form.Get("then") != "" {
			typed = typedRows(c)
			typed[0].Value = c.Form.Get("then")
		}
		return s.askLink(c, "page.open.bad", typed), nil
	}
	cookies := []*http.Cookie{s.cookie(caseCookie, token, "/c/"+number, 0)}
	c.Link, c.token = who.Link, token
	if then := c.Form.Get("then"); then != "" { // what was typed before the link ended
		x, err := s.look(ctx, c)
		if err != nil {
			return nil, err
		}
		if m := x.move(then); m != nil {
			if err := s.adopt(ctx, c, x, then); err != nil {
				return nil, err
			}
			out := s.actPage(c, x, m, &unsent{Form: c.Form}, nil, http.StatusOK)
			out.cookies = cookies
			return out, nil
		}
	}
	return moved{"/c/" + number, cookies}, nil
}

// adopt lets files that came without a link that works wait for the act that they
// were meant for.
func (s *Server) adopt(ctx context.Context, c *Call, x *shown, event string) (err error) {
	if !slices.Contains(withFiles, event) {
		return nil
	}
	_, hash := s.actDraft(c, event)
	if secret := c.Form.Get("uploads"); secret != "" {
		if err := s.Store.AdoptFiles(ctx, store.DraftHash(secret), hash); err != nil {
			return err
		}
	}
	x.waiting, err = s.waitingUnder(ctx, hash)
	return err
}

// leaveCase forgets the link on this device.
func (s *Server) leaveCase(_ context.Context, c *Call) (any, error) {
	if !c.ourForm(c.token) {
		return moved{to: "/c/" + c.Param("number")}, nil
	}
	to := "/"
	if c.Member != nil { // one case of many: back to the others
		to = greenPath(c.Member.Member.ID)
	}
	return moved{to, []*http.Cookie{s.cookie(caseCookie, "", "/c/"+c.Param("number"), 0)}}, nil
}

// mine lets the consumer's own link through.
func (c *Call) mine() bool { return c.Link != nil && c.Link.Role == "consumer" }

// keepLink shows number, link and receipt, and what happens now.
func (s *Server) keepLink(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	x, err := s.look(ctx, c)
	if err != nil {
		return nil, err
	}
	p := s.base(c, "page.kept.title")
	k := &view.Kept{Number: x.v.Number, Link: s.address(c) + "/c/" + x.v.Number + "#" + c.token, Sent: len(x.events) == 1}
	if k.QR, k.Size, err = qrPath(k.Link); err != nil {
		return nil, err
	}
	if to := reachWords(x.parts); to != "" {
		k.Sending = p.T("page.kept.by_message", "Contact", to)
	}
	var all view.Case
	s.clocks(p, x, &all)
	if all.Clock != nil {
		k.Clocks = append(k.Clocks, *all.Clock)
	}
	k.Clocks = append(k.Clocks, all.Others...)
	return page{body: view.KeptPage(p, k)}, nil
}

// reachWords says where the notices of a case go, as far as a glance over somebody's
// shoulder may tell.
func reachWords(parts map[int64]store.Unsealed) string {
	person := parts[1].Person
	if person == nil {
		return ""
	}
	if n := []rune(person.Phone); len(n) > 7 {
		return string(n[:3]) + "****" + string(n[len(n)-4:])
	}
	if name, host, ok := strings.Cut(person.Email, "@"); ok && name != "" {
		return string([]rune(name)[:1]) + "***@" + host
	}
	return ""
}

// address is where people reach the pages, without a slash behind.
func (s *Server) address(c *Call) string {
	if s.Site.Address != "" {
		return s.Site.Address
	}
	return "http://" + c.host
}

// qrPath draws a QR code as one path: a run of black modules is one rectangle.
func qrPath(text string) (path, size string, err error) {
	runs, n, err := qrRuns(text)
	return pathOf(runs), strconv.Itoa(n), err
}

// receiptFile hands the signed receipt out as a file.
func (s *Server) receiptFile(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	out, err := s.receipt(ctx, c)
	if err != nil {
		return nil, err
	}
	return download{c.Param("number") + "-receipt.json", "application/json; charset=utf-8", out.(rawJSON)}, nil
}

// myData says what is held about the consumer, and takes the wish for erasure.
func (s *Server) myData(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	out, err := s.data(ctx, c)
	if err != nil {
		return nil, err
	}
	held := out.(dataCopy)
	p := s.base(c, "page.data.title")
	d := &view.Data{Number: c.Param("number"), Key: formKey(c.token), Purpose: held.Purpose, Without: held.Without, May: true,
		Rows: []view.Row{{Name: p.T("page.data.told"), Value: digit(len(held.Told))}, {Name: p.T("page.data.steps"), Value: digit(len(held.Steps))},
			{Name: p.T("page.data.notices"), Value: digit(len(held.Notices))}, {Name: p.T("page.data.links"), Value: digit(len(held.Links))}}}
	for _, t := range held.Told {
		if t.Person == nil {
			continue
		}
		for _, r := range [][2]string{{"name", t.Person.Name}, {"phone", t.Person.Phone}, {"email", t.Person.Email}, {"address", t.Person.Address}, {"identity", t.Person.Identity}} {
			if r[1] != "" {
				d.Rows = append(d.Rows, view.Row{Name: p.T("page.ask." + r[0]), Value: r[1]})
			}
		}
		break
	}
	for _, e := range held.Erasures {
		text := p.T("page.data.due", "Day", dateWords(p, e.Due))
		if e.Answer != "" {
			text = p.T("event." + e.Answer)
		}
		d.Asked = append(d.Asked, view.Row{Name: p.T("page.data.asked", "Day", dayWords(p, e.At)), Value: text})
	}
	return page{body: view.DataPage(p, d)}, nil
}

// dataFile hands the whole copy out as a file.
func (s *Server) dataFile(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	out, err := s.data(ctx, c)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(out, "", "  ")
	return download{c.Param("number") + "-data.json", "application/json; charset=utf-8", text}, err
}

func (s *Server) eraseMine(ctx context.Context, c *Call) (any, error) {
	if !c.mine() {
		return s.askLink(c, "", nil), nil
	}
	if c.ourForm(c.token) {
		if _, err := s.askErasure(ctx, &Call{Param: c.Param, Body: []byte("{}"), Key: c.Key, Language: c.Language, Link: c.Link}); err != nil {
			return nil, err
		}
	}
	return moved{to: "/c/" + c.Param("number") + "/data"}, nil
}
