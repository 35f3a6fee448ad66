package view

// Published is the search of published complaints.
type Published struct {
	Query, Merchant               string
	Town, Domain, Category, Month []Option
	Entries                       []PublicLine
	First, Next                   string
}

// PublicLine is one published complaint in words.
type PublicLine struct {
	To, Merchant, MerchantID, Code  string
	Domain, Category, Town          string
	Received, Closed, Days, Outcome string
	Requests                        []string
	Narrative, Answer, Published    string
	Corrected                       bool
}

// Decisions is the public list of penalty decisions.
type Decisions struct {
	Town, Domain []Option
	Lines        []Decision
	Next         string
}

// Decision is one penalty decision in words.
type Decision struct {
	To, Merchant, About, Penalties string
	Rows                           []Row
}

// DeskDecisions are the penalty cases before the authority's people.
type DeskDecisions struct {
	States []Part
	Lines  []Act
	More   string
	May    bool // the reader may record one
}

// DeskDecision is one penalty case before the authority's people.
type DeskDecision struct {
	Tag, News   string
	Rows, Lines []Row
	Form        *Form // nil: the reader records nothing
}
