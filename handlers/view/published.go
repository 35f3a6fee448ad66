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
