package view

// Counted is the answer to whether a case is counted.
type Counted struct {
	Answer string
	Rows   []Row
	Lines  []string // what it shows, and what it does not
	Proof  string
	File   string // where the proof is had as a file; "" where only the text can be
}
