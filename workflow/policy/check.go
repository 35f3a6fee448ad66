package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"fangxin/workflow/calendar"

	"gopkg.in/yaml.v3"
)

// checker holds a county's plan against what the engine needs and collects
// every fault with the line of its value.
type checker struct {
	name   string
	root   yaml.Node
	plan   *countyData
	faults []error
}

func checkPlan(name string, file []byte, plan *countyData, regimes []Regime) error {
	c := &checker{name: name, plan: plan}
	if err := yaml.Unmarshal(file, &c.root); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.county()
	c.places()
	c.domains()
	c.own()
	c.parameters(regimes)
	c.green()
