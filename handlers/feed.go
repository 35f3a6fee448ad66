package handlers

import (
	"context"
	"encoding/xml"
	"errors"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/publication"
)

// feedEntries is how many published complaints a feed holds, the newest first.
const feedEntries = 50

// atomFeed is RFC 4287, with the tombstones of RFC 6721.
type atomFeed struct {
	XMLName xml.Name      `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string        `xml:"title"`
	ID      string        `xml:"id"`
	Updated string        `xml:"updated"`
	Author  atomAuthor    `xml:"author"`
	Links   []atomLink    `xml:"link"`
	Entries []atomEntry   `xml:"entry"`
	Deleted []atomDeleted `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title   string   `xml:"title"`
	ID      string   `xml:"id"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

type atomDeleted struct {
	Ref  string `xml:"ref,attr"`
	When string `xml:"when,attr"`
}

// dayStamp is the beginning of a legal day as Atom writes it.
func dayStamp(day string) string { return day + "T00:00:00+08:00" }

// siteAddress is where the site's addresses begin; ids are made of it and stay.
func (s *Server) siteAddress() string {
	if s.Site.Address != "" {
		return strings.TrimSuffix(s.Site.Address, "/")
	}
	return "http://localhost"
}

// feed is what is published by one merchant, of one domain or town, or of all. The
// feed of all carries the tombstones: the others would say whose they were.
func (s *Server) feed(ctx context.Context, c *Call) (any, error) {
	f, name, err := s.feedOf(ctx, c)
	if err != nil {
		return nil, err
	}
	f.Limit = feedEntries
	list, _, err := s.Store.SearchPublished(ctx, f)
	if err != nil && !errors.Is(err, store.ErrNotPublished) {
		return nil, err
	}
	p := s.base(c, "page.published.title")
	today := dayStamp(calendar.On(s.Now()).String())
	base := s.siteAddress()
	out := atomFeed{Title: p.Title + name(p), ID: base + c.path, Author: atomAuthor{p.Authority}, Links: []atomLink{{"self", base + c.path}, {"alternate", base + complaintsPath}}}
	for _, e := range list {
		form, err := publication.ParseForm(e.Form)
		if err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, s.feedEntry(p, base, &form))
		out.Updated = max(out.Updated, dayStamp(form.Published))
	}
	if f.Merchant == "" && f.Domain == 0 && f.Town == "" {
		gone, err := s.Store.Tombstones(ctx, "", 500)
		if err != nil {
			return nil, err
		}
		for _, ref := range gone {
			out.Deleted = append(out.Deleted, atomDeleted{base + complaintsPath + "/" + ref, today})
		}
	}
	if out.Updated == "" {
		out.Updated = today
	}
	body, err := xml.Marshal(out)
	return kept{kind: "application/atom+xml; charset=utf-8", body: append([]byte(xml.Header), body...), seconds: cacheSeconds}, err
}

func (s *Server) feedEntry(p *view.Page, base string, form *publication.Form) atomEntry {
	line := s.publishedEntry(p, form)
	to := base + complaintsPath + "/" + form.ID
	words := []string{line.Domain, line.Category, line.Town, line.Closed, line.Outcome, line.Answer, line.Narrative}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return atomEntry{Title: line.Merchant, ID: to, Updated: dayStamp(form.Published), Link: atomLink{"alternate", to}, Summary: strings.Join(words, " · ")}
}

// feedOf reads which feed is asked for, and what it is called.
func (s *Server) feedOf(ctx context.Context, c *Call) (f store.PublicFilter, name func(*view.Page) string, err error) {
	county := s.Rules().County()
	switch kind := c.Param("kind"); kind {
	case "":
		return f, func(*view.Page) string { return "" }, nil
	case "merchants":
		m, err := s.Store.PublicMerchant(ctx, c.Param("of"))
		if errors.Is(err, store.ErrNotPublished) {
			err = notFound()
		}
		f.Merchant = m.ID
		return f, func(*view.Page) string { return " · " + m.Name }, err
	case "domains":
		n, _ := strconv.Atoi(c.Param("of"))
		if slices.ContainsFunc(county.Domains, func(d policy.Domain) bool { return d.Number == n }) {
			f.Domain = n
			return f, func(p *view.Page) string { return " · " + s.domainName(p, n) }, nil
		}
	case "towns":
		if of := c.Param("of"); slices.ContainsFunc(county.Towns, func(t policy.Place) bool { return t.Code == of }) {
			f.Town = of
			return f, func(p *view.Page) string { return " · " + s.townWords(p, of) }, nil
		}
	}
	return f, nil, notFound()
}
