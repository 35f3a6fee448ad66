package view

// Statistics is a page of published figures.
type Statistics struct {
	Lead    []string
	Periods []Link // to choose from; the one that is shown is On
	Slices  []Link
	Tiles   []StatTile
	Targets []Target
	Charts  []Chart
	Groups  []StatGroup
	Table   *StatTable
	Overdue *StatTable
	Made    []Row // what the figures were made with
	Files   []Link
	Papers  []Link // reports of the joint conference, by quarter
	Hidden  bool   // small numbers are hidden here
	None    string
	About   []Row // who a merchant is
	Form    *StatForm
	More    string // where the table goes on
}

// Link leads somewhere.
type Link struct {
	To, Name string
	On       bool
}

// StatTile is one number in large.
type StatTile struct{ Value, Name, To string }

// Target is what the programme promised beside what is.
type Target struct {
	Name, Rate, Of, Range, Verdict string
	Good, Bad                      bool
}

// StatGroup are indicators of one kind.
type StatGroup struct {
	ID, Title  string
	Indicators []Indicator
}

// Indicator is one with its lines.
type Indicator struct {
	ID, Name, To, Basis string
	Lines               []IndicatorLine
	Notes               []Link // without To: words only
}

// IndicatorLine is one rate: numerator of denominator, rate, interval. Inside, both
// lead to their cases.
type IndicatorLine struct {
	Name        string
	Num, Den    Link
	Rate, Range string
}

// StatForm asks for other figures.
type StatForm struct {
	Action string
	Fields []Field
	Hidden []Row
}

// StatTable is a table of any shape.
type StatTable struct {
	Caption string
	Head    []string
	Rows    [][]string
	To      []string // of each row's first cell, where it leads
}

// Explained says how an indicator is made.
type Explained struct {
	ID, Name string
	Words    []string // what it is, as the document has it
	Reading  []Row    // version, basis
	Counted  []string // the example: what was counted
	Gives    []string // and what it gives
	Lines    [][]string
	All      []Link
	Inside   string // where the authority's own people see the number and its cases
}

// OpenData says what there is of open data, and what its fields mean.
type OpenData struct {
	Lead   []string
	Slices []Link
	Tables []OpenTable
	Made   []Row
}

// OpenTable is one table of it, with its files.
type OpenTable struct {
	ID, Title string
	Files     []Link
	Fields    *StatTable
}
