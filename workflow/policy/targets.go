package policy

// Target is what the county's plan promises of a year (年度考核): a percent or a
// number of something. Domain is 0 where it is the whole county's. Measured: the
// engine counts it, as the negotiation's I-01A and I-01B; otherwise it is reported.
type Target struct {
	Code     string `yaml:"code"`
	Zh       string `yaml:"zh"`
	En       string `yaml:"en"`
	Domain   int    `yaml:"domain"`
	Percent  int64  `yaml:"percent"`
	Count    int64  `yaml:"count"`
	Measured bool   `yaml:"measured"`
}

// targets holds the plan's promises against what can be assessed.
func (c *checker) targets() {
	seen := map[string]bool{}
	for i, t := range c.plan.Targets {
		switch {
		case t.Code == "" || t.Zh == "" || t.En == "":
			c.fault(at("targets", i), "code, zh and en are needed")
		case seen[t.Code]:
			c.fault(at("targets", i, "code"), "%s is named twice", t.Code)
		case t.Domain < 0 || t.Domain > 12:
			c.fault(at("targets", i, "domain"), "%d is no domain: 1 to 12, or none for the county", t.Domain)
		case (t.Percent > 0) == (t.Count > 0) || t.Percent > 100 || t.Count < 0:
			c.fault(at("targets", i), "%s: either percent, from 1 to 100, or count", t.Code)
		case t.Measured && (t.Percent == 0 || t.Domain != 0):
			c.fault(at("targets", i, "measured"), "%s: what is measured is a percent of the county's", t.Code)
		}
		seen[t.Code] = true
	}
}
