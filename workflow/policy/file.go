package policy

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"fangxin/workflow/calendar"

	"gopkg.in/yaml.v3"
)

//go:embed law.yaml
var lawFile []byte

//go:embed huantai.yaml
var huantaiFile []byte

// HuantaiFile is the embedded county's file: what `fangxin policy init` writes.
func HuantaiFile() []byte { return bytes.Clone(huantaiFile) }

type length struct {
	N    int           `yaml:"n"`
	Unit calendar.Unit `yaml:"unit"`
}

type named struct {
	Code string `yaml:"code"`
	Zh   string `yaml:"zh"`
	En   string `yaml:"en"`
}

// department is an office of the plan; see kinds.
type department struct {
	Code      string `yaml:"code"`
	Zh        string `yaml:"zh"`
	En        string `yaml:"en"`
	Successor string `yaml:"successor"`
	Kind      string `yaml:"kind"`
}

// promise is a length that the county gives itself.
type promise struct {
	Code string        `yaml:"code"`
	Zh   string        `yaml:"zh"`
	N    int           `yaml:"n"`
	Unit calendar.Unit `yaml:"unit"`
}

type lawData struct {
	Regimes []struct {
		Code    string `yaml:"code"`
		Zh      string `yaml:"zh"`
		From    string `yaml:"from"`
		To      string `yaml:"to"`
		Overlay bool   `yaml:"overlay"`
		Src     string `yaml:"src"`
	} `yaml:"regimes"`
	Terms []struct {
		Code    string            `yaml:"code"`
		Zh      string            `yaml:"zh"`
		Basis   map[string]string `yaml:"basis"`
		Lengths map[string]length `yaml:"lengths"`
		Kinds   bool              `yaml:"kinds"`
		Src     string            `yaml:"src"`
	} `yaml:"terms"`
	Grounds     map[string]map[string][]named `yaml:"grounds"`
	Departments []struct {
		Domain   string  `yaml:"domain"`
		Handle   *length `yaml:"handle"`
		Mediate  *length `yaml:"mediate"`
		Transfer string  `yaml:"transfer"`
		Basis    string  `yaml:"basis"`
	} `yaml:"departments"`
}

type countyData struct {
	County struct {
		Code    string `yaml:"code"`
		Zh      string `yaml:"zh"`
		En      string `yaml:"en"`
		Prefix  string `yaml:"prefix"`
		Hub     string `yaml:"hub"`
		Version string `yaml:"version"`
	} `yaml:"county"`
	Towns       []named      `yaml:"towns"`
	Departments []department `yaml:"departments"`
	Domains     []struct {
		Number     int      `yaml:"number"`
		Code       string   `yaml:"code"`
		Zh         string   `yaml:"zh"`
		En         string   `yaml:"en"`
		Words      []string `yaml:"words"`
		Lead       string   `yaml:"lead"`
		With       []string `yaml:"with"`
		Categories []named  `yaml:"categories"`
	} `yaml:"domains"`
	Own        []promise `yaml:"own"`
	Parameters struct {
		Roll        calendar.Roll  `yaml:"roll"`
		Overlay     string         `yaml:"overlay"`
		Eligible    []string       `yaml:"confirmation_eligible_kinds"`
		Reminders   []int          `yaml:"reminders"`
		Escalation  []Step         `yaml:"escalation"`
		Check       ContactCheck   `yaml:"contact_check"`
		AppealYears map[string]int `yaml:"appeal_limit_years"`
		Green       greenData      `yaml:"green_channel"`
