package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/register"
)

// registrars may change the register; a town's people only what is in their town.
var registrars = []workflow.Role{"officer", "hub", "town"}

// merchantView is an entry. Visitors get id, name, town and status of active ones
// and nothing else.
type merchantView struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Town       string            `json:"town"`
	Status     register.Status   `json:"status"`
	Entry      *merchantEntry    `json:"entry,omitempty"`
	Former     []register.Former `json:"former_names,omitempty"`
	MergedInto string            `json:"merged_into,omitempty"`
	Successors []string          `json:"successors,omitempty"`
}

// merchantEntry is what officers see of an entry besides.
type merchantEntry struct {
	Version        int64           `json:"version"`
	Code           string          `json:"code"` // as typed
	CodeValid      bool            `json:"code_valid"`
	LegalName      string          `json:"legal_name"`
	Kind           string          `json:"kind"`
	Size           string          `json:"size"`
	Domain         int             `json:"domain"`
	LicenceAddress string          `json:"licence_address"`
	ShopAddress    string          `json:"shop_address"`
	ShownAddress   string          `json:"shown_address"`
	Language       string          `json:"language"`
	Shops          []register.Shop `json:"shops"`
}

type merchantPage struct {
	Merchants []merchantView `json:"merchants"`
	Next      string         `json:"next,omitempty"`
}

func visible(m register.Merchant) merchantView {
	return merchantView{ID: m.ID, Name: m.Name, Town: m.Town, Status: m.Status}
}

func viewMerchant(m register.Merchant) merchantView {
	v := visible(m)
	v.Former, v.MergedInto, v.Successors = m.Former, m.MergedInto, m.Successors
	shops := m.Shops
	if shops == nil {
		shops = []register.Shop{}
	}
	v.Entry = &merchantEntry{m.Version, m.Code, m.CodeValid, m.LegalName, m.Kind, m.Size, m.Domain, m.LicenceAddress, m.ShopAddress, m.ShownAddress, cmp.Or(m.Language, "zh"), shops}
	return v
}

// What visitors may ask: two characters at least, and they are told the best few,
// never how many there are.
const (
	visitorLeast = 2
	visitorMost  = 10
	foundMost    = 50
)

// merchants searches the register, or pages through it for officers who search
// for nothing.
func (s *Server) merchants(ctx context.Context, c *Call) (any, error) {
	words := c.Query("q")
	if len([]rune(words)) > 100 {
		return nil, badQuery("q", "why.choice")
	}
	if c.User == nil || !isOne(c.User, staff) {
		return s.visited(ctx, c, words)
	}
	status := register.Status(c.Query("status"))
	if status != "" && !slices.Contains(statusesOfEntries, status) {
		return nil, badQuery("status", "why.choice")
	}
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	out := merchantPage{Merchants: []merchantView{}}
	var found []register.Merchant
	if words != "" {
		found, err = s.Store.SearchMerchants(ctx, words, status, min(limit, foundMost))
	} else {
		found, err = s.Store.Merchants(ctx, store.MerchantFilter{Status: status, Town: c.Query("town"), After: c.Query("after"), Limit: limit})
		if len(found) == limit {
			out.Next = found[limit-1].ID
		}
	}
	if errors.Is(err, store.ErrCursor) {
		return nil, badQuery("after", "why.cursor")
	}
	for _, m := range found {
		out.Merchants = append(out.Merchants, viewMerchant(m))
	}
	return out, err
}

var statusesOfEntries = []register.Status{register.Unverified, register.Active, register.Closed, register.Merged}

func (s *Server) visited(ctx context.Context, c *Call, words string) (any, error) {
	for _, name := range []string{"status", "town", "after", "limit"} {
		if c.Query(name) != "" {
			return nil, badQuery(name, "why.officers_only")
		}
	}
	if len([]rune(register.Fold(words))) < visitorLeast {
		return nil, badQuery("q", "why.two_characters")
	}
	found, err := s.Store.SearchMerchants(ctx, words, register.Active, visitorMost)
	out := merchantPage{Merchants: []merchantView{}}
	for _, m := range found {
		out.Merchants = append(out.Merchants, visible(m))
	}
	return out, err
}

func limitOf(c *Call) (int, error) {
	text := c.Query("limit")
	if text == "" {
		return pageUsual, nil
	}
	n, ok := pageSize(text)
	if !ok {
		return 0, badQuery("limit", "why.choice")
	}
	return n, nil
}

func (s *Server) merchant(ctx context.Context, c *Call) (any, error) {
	m, err := s.Store.Merchant(ctx, c.Param("merchant"))
	return viewMerchant(m), err
}

// merchantFields are the fields of an entry as a request states them.
type merchantFields struct {
	Code           string          `json:"code"`
	Name           string          `json:"name"`
	LegalName      string          `json:"legal_name"`
	Kind           string          `json:"kind"`
	Size           string          `json:"size"`
	Domain         int             `json:"domain"`
	Town           string          `json:"town"`
	LicenceAddress string          `json:"licence_address"`
	ShopAddress    string          `json:"shop_address"`
	ShownAddress   string          `json:"shown_address"`
	Language       string          `json:"language"`
	Shops          []register.Shop `json:"shops"`
}

type newMerchant struct {
	merchantFields
	Contacts []newContact `json:"contacts"`
	Why      string       `json:"why"`
}

type newContact struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// mostContacts is more ways than anybody is reached by.
const mostContacts = 20

func (s *Server) openMerchant(ctx context.Context, c *Call) (any, error) {
	var in newMerchant
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	d := register.Details(in.merchantFields)
	if err := s.fits(&d); err != nil {
		return nil, err
	}
	if len(in.Contacts) > mostContacts {
		return nil, badField("contacts", "why.choice")
	}
	var contacts []store.NewContact
	for i, k := range in.Contacts {
		if err := k.check(fmt.Sprintf("contacts.%d.", i)); err != nil {
			return nil, err
		}
		contacts = append(contacts, store.NewContact(k))
	}
	by, err := registrar(c, d.Town, in.Why)
	if err != nil {
		return nil, err
	}
	m, err := s.Store.OpenMerchant(ctx, onceFor(c), by, d, contacts)
	return viewMerchant(m), err
}

func onceFor(c *Call) store.Once { return store.Once{Scope: "register/" + c.User.Name, Key: c.Key} }

func (k newContact) check(at string) error {
	switch {
	case !slices.Contains(register.ContactKinds, k.Kind):
		return badField(at+"kind", "why.choice")
	case k.Value == "":
		return badField(at+"value", "why.needed")
	}
	return nil
}

// fits refuses what an entry cannot hold, and a town that the county has not.
func (s *Server) fits(d *register.Details) error {
	for _, f := range d.Faults() {
		return badField(f.Field, f.Why)
	}
	if d.Town != "" && !slices.ContainsFunc(s.Rules().County().Towns, func(t policy.Place) bool { return t.Code == d.Town }) {
		return badField("town", "why.choice")
	}
	return nil
}

// registrar says who changes an entry and why, if the caller may.
func registrar(c *Call, town, why string) (store.By, error) {
	by := store.By{Why: why}
	for _, role := range registrars {
		if slices.Contains(c.User.Roles, string(role)) && (role != "town" || c.User.Town != "" && c.User.Town == town) {
			by.Actor = string(role) + ":" + c.User.Name
			break
		}
	}
	switch {
	case by.Actor == "":
		p := problem("not_for_you")
		p.By = registrars
		return by, p
	case why == "":
		return by, badField("why", "why.needed")
	}
	return by, nil
}

// mayChange reads the entry that a route names and says who changes it.
func (s *Server) mayChange(ctx context.Context, c *Call, why string) (register.Merchant, store.By, error) {
	m, err := s.Store.Merchant(ctx, c.Param("merchant"))
	if err != nil {
		return m, store.By{}, err
	}
	by, err := registrar(c, m.Town, why)
	return m, by, err
}

type merchantChange struct {
	Sees           int64            `json:"sees"`
	Why            string           `json:"why"`
	Code           *string          `json:"code"`
	Name           *string          `json:"name"`
	LegalName      *string          `json:"legal_name"`
	Kind           *string          `json:"kind"`
	Size           *string          `json:"size"`
	Domain         *int             `json:"domain"`
	Town           *string          `json:"town"`
	LicenceAddress *string          `json:"licence_address"`
	ShopAddress    *string          `json:"shop_address"`
	ShownAddress   *string          `json:"shown_address"`
	Language       *string          `json:"language"`
	Shops          *[]register.Shop `json:"shops"`
	Status         *register.Status `json:"status"`
}

func (s *Server) changeMerchant(ctx context.Context, c *Call) (any, error) {
	var in merchantChange
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	p := register.Patch{Code: in.Code, Name: in.Name, LegalName: in.LegalName, Kind: in.Kind, Size: in.Size, Domain: in.Domain, Town: in.Town,
		LicenceAddress: in.LicenceAddress, ShopAddress: in.ShopAddress, ShownAddress: in.ShownAddress, Language: in.Language, Shops: in.Shops, Status: in.Status}
	if in.Status != nil && !slices.Contains(statusesOfEntries[:3], *in.Status) {
		return nil, badField("status", "why.choice")
	}
	after := m
	p.Apply(&after)
	if err := s.fits(&after.Details); err != nil {
		return nil, err
	}
	if _, err := registrar(c, after.Town, in.Why); err != nil { // nor may it be moved into another's town
		return nil, err
	}
	m, err = s.Store.ChangeMerchant(ctx, onceFor(c), by, m.ID, in.Sees, p)
	return viewMerchant(m), err
}

type merchantRename struct {
	Sees      int64  `json:"sees"`
	Name      string `json:"name"`
	LegalName string `json:"legal_name"`
	Why       string `json:"why"`
}

func (s *Server) renameMerchant(ctx context.Context, c *Call) (any, error) {
	var in merchantRename
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	if err := s.fits(&register.Details{Name: in.Name, LegalName: in.LegalName}); err != nil {
		return nil, err
	}
	m, err = s.Store.RenameMerchant(ctx, onceFor(c), by, m.ID, in.Sees, in.Name, in.LegalName)
	return viewMerchant(m), err
}

type merchantMerge struct {
	Sees int64  `json:"sees"`
	Into string `json:"into"`
	Why  string `json:"why"`
}

func (s *Server) mergeMerchant(ctx context.Context, c *Call) (any, error) {
	var in merchantMerge
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	if err := s.otherEntry(ctx, c, "into", in.Into, in.Why); err != nil {
		return nil, err
	}
	m, err = s.Store.MergeMerchant(ctx, onceFor(c), by, m.ID, in.Sees, in.Into)
	return viewMerchant(m), err
}

// otherEntry holds the caller to the other entry that a change touches as well.
func (s *Server) otherEntry(ctx context.Context, c *Call, field, id, why string) error {
	other, err := s.Store.Merchant(ctx, id)
	if err != nil {
		return badField(field, "why.no_merchant")
	}
	_, err = registrar(c, other.Town, why)
	return err
}

type merchantUnmerge struct {
	Sees int64  `json:"sees"`
	Why  string `json:"why"`
}

func (s *Server) unmergeMerchant(ctx context.Context, c *Call) (any, error) {
	var in merchantUnmerge
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	m, err = s.Store.UnmergeMerchant(ctx, onceFor(c), by, m.ID, in.Sees)
	return viewMerchant(m), err
}

type merchantSuccession struct {
	Sees      int64         `json:"sees"`
	Successor string        `json:"successor"`
	Since     calendar.Date `json:"since"`
	Why       string        `json:"why"`
}

func (s *Server) succeedMerchant(ctx context.Context, c *Call) (any, error) {
	var in merchantSuccession
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	if in.Since == 0 {
		return nil, badField("since", "why.needed")
	}
	m, by, err := s.mayChange(ctx, c, in.Why)
	if err != nil {
		return nil, err
	}
	if err := s.otherEntry(ctx, c, "successor", in.Successor, in.Why); err != nil {
		return nil, err
	}
	m, err = s.Store.SucceedMerchant(ctx, onceFor(c), by, m.ID, in.Sees, in.Successor, in.Since)
	return viewMerchant(m), err
}
