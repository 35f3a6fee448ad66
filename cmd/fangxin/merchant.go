package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"fangxin/workflow/register"
)

// MerchantCmd is the merchant register.
type MerchantCmd struct {
	Search MerchantSearchCmd `cmd:"" help:"Find merchants by name, initials, pinyin or credit code."`
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
