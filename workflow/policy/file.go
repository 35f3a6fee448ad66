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

// ground is a ground with the number of its item, and with the law's own words
// where they are longer than what a list shows.
type ground struct {
	Code string `yaml:"code"`
	Zh   string `yaml:"zh"`
	En   string `yaml:"en"`
	Item string `yaml:"item"`
	Text string `yaml:"text"`
}

// department is an office of the plan; see kinds. Mail and Phone are the office's
// own, where it is told of what it owes.
type department struct {
	Code      string `yaml:"code"`
	Zh        string `yaml:"zh"`
	En        string `yaml:"en"`
	Successor string `yaml:"successor"`
	Kind      string `yaml:"kind"`
	Mail      string `yaml:"mail"`
	Phone     string `yaml:"phone"`
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
	Grounds     map[string]map[string][]ground `yaml:"grounds"`
	Papers      map[string]Articles            `yaml:"papers"`
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
		// of official papers
		Authority string `yaml:"authority"`
		Short     string `yaml:"short"`
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
	Targets    []Target  `yaml:"targets"`
	Parameters struct {
		Roll        calendar.Roll   `yaml:"roll"`
		Overlay     string          `yaml:"overlay"`
		Eligible    []string        `yaml:"confirmation_eligible_kinds"`
		Reminders   []int           `yaml:"reminders"`
		Escalation  []Step          `yaml:"escalation"`
		Check       ContactCheck    `yaml:"contact_check"`
		AppealYears map[string]int  `yaml:"appeal_limit_years"`
		Telling     telling         `yaml:"telling"`
		Green       greenData       `yaml:"green_channel"`
		Publication publicationData `yaml:"publication"`
	} `yaml:"parameters"`
}

var lineOf = regexp.MustCompile(`line (\d+): `)

// strict reads YAML into a struct; every fault names file and line.
func strict(name string, data []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: the file is empty", name)
	}
	if err == nil {
		var second yaml.Node
		if err = dec.Decode(&second); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			return fmt.Errorf("%s:%d: a second document begins here; one file is one plan", name, second.Line)
		}
	}
	var many *yaml.TypeError
	faults := []string{err.Error()}
	if errors.As(err, &many) {
		faults = many.Errors
	}
	for i, f := range faults {
		f = strings.TrimPrefix(f, "yaml: ")
		if m := lineOf.FindStringSubmatch(f); m != nil {
			f = name + ":" + m[1] + ": " + strings.Replace(f, m[0], "", 1)
		} else {
			f = name + ": " + f
		}
		if at := strings.Index(f, " not found in type"); at > 0 {
			f = f[:at] + " is not a key here"
		}
		faults[i] = f
	}
	return errors.New(strings.Join(faults, "\n"))
}
