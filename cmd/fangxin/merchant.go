package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// MerchantCmd is the merchant register.
type MerchantCmd struct {
	Coverage MerchantCoverageCmd `cmd:"" help:"How far the green channel reaches (I-17), by town and domain."`
	Sheet    MerchantSheetCmd    `cmd:"" help:"The sheet for a member's wall, as SVG or PDF."`
	Search   MerchantSearchCmd   `cmd:"" help:"Find merchants by name, initials, pinyin or credit code."`
}

// MerchantSearchCmd finds merchants.
type MerchantSearchCmd struct {
	Words  []string        `arg:"" help:"A name or part of it, its initials, its pinyin, or the beginning of a credit code."`
	Status register.Status `default:"" enum:",unverified,active,closed,merged" help:"Only entries that are unverified, active, closed or merged."`
	Limit  int             `default:"20" help:"How many at most."`
	JSON   bool            `help:"One JSON object a line, the whole entry without contacts."`
}

// Run prints the best fits, the best first. Exit 1 when nothing fits.
func (c *MerchantSearchCmd) Run(g *Globals) error {
	if c.Limit < 1 || c.Limit > 200 {
		return errUse{fmt.Errorf("--limit: from 1 to 200")}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	found, err := e.SearchMerchants(g.Context, strings.Join(c.Words, " "), c.Status, c.Limit)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(g.Out)
	enc.SetEscapeHTML(false)
	for _, m := range found {
		if c.JSON {
			if err := enc.Encode(m); err != nil {
				return err
			}
			continue
		}
		mark := ""
		if m.Code != "" && !m.CodeValid {
			mark = " (wrong check character)"
		}
		fmt.Fprintf(g.Out, "%s  %-10s  %s  %s%s  %s\n", m.ID, m.Status, m.Name, m.Code, mark, m.Town)
	}
	if len(found) == 0 {
		return errFinding
	}
	return nil
}

// MerchantCoverageCmd counts I-17.
type MerchantCoverageCmd struct {
	On   string `help:"The day; empty: today."`
	JSON bool   `help:"One JSON object."`
}

// Run prints the total and its slices; the slices add up to the total.
func (c *MerchantCoverageCmd) Run(g *Globals) error {
	day := calendar.On(g.clock())
	if c.On != "" {
		var err error
		if day, err = calendar.ParseDate(c.On); err != nil {
			return errUse{fmt.Errorf("--on: %w", err)}
		}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	out, err := e.Coverage(g.Context, day)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(g.Out).Encode(out)
	}
	line := func(what string, l store.CoverageLine) {
		fmt.Fprintf(g.Out, "%-8s %-12s %6d of %6d covered, %d members\n", what, l.Code, l.Covered, l.Merchants, l.Members)
	}
	line("all", out.Total)
	for _, l := range out.Towns {
		line("town", l)
	}
	for _, l := range out.Domains {
		line("domain", l)
	}
	return nil
}

// MerchantSheetCmd writes the sheet for a wall.
type MerchantSheetCmd struct {
	ID  string `arg:"" help:"The membership, g_..., or the merchant's entry, m_..."`
	Out string `required:"" help:"The file to write; a name that ends in .pdf asks for PDF, any other for SVG." type:"path"`
}

// Run writes the sheet. Exit 2 when the merchant has no code on its wall.
func (c *MerchantSheetCmd) Run(g *Globals) error {
	if g.SiteAddress == "" {
		return errUse{errors.New("FANGXIN_SITE_ADDRESS: say where people reach the pages: the code on the wall leads there")}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	m, err := e.Member(g.Context, c.ID)
	if strings.HasPrefix(c.ID, "m_") {
		m, _, err = e.MembershipOf(g.Context, c.ID)
	}
	if err != nil {
		return err
	}
	if m.Shop == "" {
		return errUse{errors.New(c.ID + " is no member of the green channel now")}
	}
	entry, err := e.Merchant(g.Context, m.Merchant)
	if err != nil {
		return err
	}
	site, err := g.site()
	if err != nil {
		return err
	}
	draw := handlers.ShopSheet
	if strings.EqualFold(filepath.Ext(c.Out), ".pdf") {
		draw = handlers.ShopSheetPDF
	}
	sheet, err := draw(entry.Name, m.Shop, site.Address)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Out, sheet, 0o644)
}
