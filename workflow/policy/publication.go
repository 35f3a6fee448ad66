package policy

import "slices"

// Publication are the county's rules for publishing complaints (消费投诉公示).
// Where the law's own number is not established they are parameters with a safe
// default: docs/divergences.md.
type Publication struct {
	Pilots           []Pilot  // who takes part; nobody else is published
	EntryDays        int      // calendar days that an entry may be read
	Never            []string // domains whose complaints are never shown one by one
	NoConsent        string   // hold or structure: what is shown without the complainant's consent
	Narratives       bool     // texts are shown, when confirmed
	Own              int      // working days to review an objection (own review)
	Other            int      // the same with another body
	Annulled         int      // working days to correct an entry after an annulment
	InfringementDays int      // calendar days that a penalty decision may be read
}

// Pilot is a domain that takes part in some towns, or with none named in all.
type Pilot struct {
	Domain string   `yaml:"domain"` // code
	Towns  []string `yaml:"towns"`  // codes
}

// publicationData is the section parameters.publication of a county's file.
type publicationData struct {
	Pilots       []Pilot  `yaml:"pilots"`
	EntryDays    int      `yaml:"entry_days"`
	Never        []string `yaml:"never"`
	NoConsent    string   `yaml:"without_consent"`
	Narratives   bool     `yaml:"narratives"`
	Infringement int      `yaml:"infringement_days"`
	Review       struct {
		Own      int `yaml:"own"`
		Other    int `yaml:"other_body"`
		Annulled int `yaml:"annulled"`
	} `yaml:"review"`
}

// mostEntryDays is five years: failures are disclosed no longer
// (山东省社会信用条例 Art. 38, taken as a model).
const mostEntryDays = 1826

// Publication is what the county's file says of publishing.
func (r *Rules) Publication() Publication {
	p := r.plan.Parameters.Publication
	return Publication{Pilots: p.Pilots, EntryDays: p.EntryDays, Never: p.Never, NoConsent: p.NoConsent, Narratives: p.Narratives, Own: p.Review.Own, Other: p.Review.Other, Annulled: p.Review.Annulled, InfringementDays: p.Infringement}
}

// TakesPart reports whether complaints of a domain (1 to 12) against a merchant
// of a town are published at all.
func (r *Rules) TakesPart(domain int, town string) bool {
	code := r.domainCode(domain)
	return slices.ContainsFunc(r.plan.Parameters.Publication.Pilots, func(p Pilot) bool {
		return p.Domain == code && (len(p.Towns) == 0 || slices.Contains(p.Towns, town))
	})
}

// NeverPublished reports whether no complaint of a domain is shown by itself.
func (r *Rules) NeverPublished(domain int) bool {
	return slices.Contains(r.plan.Parameters.Publication.Never, r.domainCode(domain))
}

func (r *Rules) domainCode(number int) string {
	for _, d := range r.county.Domains {
		if d.Number == number {
			return d.Code
		}
	}
	return ""
}

func (c *checker) publication() {
	p, under := c.plan.Parameters.Publication, func(path ...any) []any { return append(at("parameters", "publication"), path...) }
	domains, towns := []string{}, []string{}
	for _, d := range c.plan.Domains {
		domains = append(domains, d.Code)
	}
	for _, t := range c.plan.Towns {
		towns = append(towns, t.Code)
	}
	seen := map[string]bool{}
	for i, x := range p.Pilots {
		if !slices.Contains(domains, x.Domain) || seen[x.Domain] {
			c.fault(under("pilots", i), "publication: pilots name each domain once by its code; %q is none, or is there twice", x.Domain)
		}
		seen[x.Domain] = true
		for j, t := range x.Towns {
			if !slices.Contains(towns, t) {
				c.fault(under("pilots", i, "towns", j), "publication: %q is no town of the county; name none for all of them", t)
			}
		}
	}
	for i, d := range p.Never {
		if !slices.Contains(domains, d) {
			c.fault(under("never", i), "publication: never names domains by their code; %q is none", d)
		}
	}
	if p.EntryDays < 1 || p.EntryDays > mostEntryDays {
		c.fault(under("entry_days"), "publication: entry_days is from 1 to %d (five years), not %d", mostEntryDays, p.EntryDays)
	}
	if p.Infringement < 1 || p.Infringement > mostEntryDays {
		c.fault(under("infringement_days"), "publication: infringement_days is from 1 to %d (five years), not %d", mostEntryDays, p.Infringement)
	}
	if p.NoConsent != "hold" && p.NoConsent != "structure" {
		c.fault(under("without_consent"), "publication: without_consent is hold or structure, not %q", p.NoConsent)
	}
	for _, x := range []struct {
		key string
		n   int
	}{{"own", p.Review.Own}, {"other_body", p.Review.Other}, {"annulled", p.Review.Annulled}} {
		if x.n < 1 || x.n > 60 {
			c.fault(under("review", x.key), "publication: review.%s is from 1 to 60 working days, not %d", x.key, x.n)
		}
	}
}
